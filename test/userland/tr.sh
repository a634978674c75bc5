# tr and cut.
echo hello | tr a-z A-Z; echo hello | tr el ip; echo hello | tr -d l; echo aabbcc | tr -s a-c; echo 'a  b   c' | tr -s ' '; echo hello | tr -d aeiou; echo 'a,b,c' | tr , '\n'; echo hello | tr '[:lower:]' '[:upper:]'; echo 'x1y2' | tr -d '[:digit:]'; echo 'x1y2' | tr -cd '[:digit:]\n'; echo 'a b' | tr ' ' '\t'
echo abc | tr a-c x; echo abcdef | tr abc xyz; echo 'tab	x' | tr '\t' ' '; printf 'a\0b' | tr '\0' Z; echo; echo hello | tr -s l L; echo aabb | tr -ds a b; echo 'hello world' | tr -c a-z '\n'; echo a-b | tr - _; echo 'a\b' | tr '\\' /; echo abc | tr '\141' X; echo hello | tr -s '[:alpha:]'; echo 123 | tr 0-9 a-j; echo HeLLo | tr '[:upper:]' '[:lower:]'; tr 2>/dev/null; echo $?; tr a 2>/dev/null; echo $?
echo '[ab]' | tr '[]' '()'; echo hello | tr -C 'l\n' .
