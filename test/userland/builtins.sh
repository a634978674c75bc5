# read, eval, ., exec, export, readonly, unset, cd, umask, type, command.
show() { printf '<%s>' "$@"; echo; }
echo 'a b  c d' | { read x y z; show "$x" "$y" "$z"; }
echo '  lead trail  ' | { read x; show "$x"; }
echo 'a\b \c\\d' | { read x y; show "$x" "$y"; }; echo 'a\b \c\\d' | { read -r x y; show "$x" "$y"; }
printf 'con\\\ntinued\n' | { read x; show "$x"; }
echo 'a:b:c:' | { IFS=: read x y; show "$x" "$y"; }; echo 'a:b:' | { IFS=: read x y; show "$x" "$y"; }
echo 'a:b' | { IFS=: read x y z; show "$x" "$y" "$z"; }; echo ' a b ' | { IFS= read x; show "$x"; }
echo ':a::b' | { IFS=: read w x y z; show "$w" "$x" "$y" "$z"; }
echo 'a : b : c' | { IFS=' :' read x y; show "$x" "$y"; }
printf 'nonl' | { read x; echo "$? $x"; }; read x < /dev/null; echo "$? [$x]"
printf '1\n2\n3\n' | { read a; read b; cat; echo $a$b; }
echo 'a\ b c' | { read x y; show "$x" "$y"; }
eval 'x=5; echo $x'; eval echo a '\;' b; eval; echo $?; y='$x'; eval "echo $y"; eval 'false'; echo $?; (eval 'syntax ((error') 2>/dev/null; echo $?
echo 'sourced=yes; echo "in $1"; return 4; echo no' > lib; set -- p1; . ./lib; echo "$? $sourced"
echo 'echo $#' > lib2; f() { . ./lib2; }; f a b c
(. ./nolib; echo no) 2>/dev/null; echo $?
(exec echo replaced; echo no); (exec nosuchcmd) 2>/dev/null; echo $?; (exec sh -c 'exit 5'); echo $?
export EX=1; sh -c 'echo $EX'; EX=2; sh -c 'echo $EX'; unset EX; sh -c 'echo [$EX]'; NE=1; sh -c 'echo [$NE]'; export NE; sh -c 'echo [$NE]'
T=temp sh -c 'echo $T'; echo "[$T]"; A=1 B=2 sh -c 'echo $A$B'
readonly RO=1; (RO=2; echo no) 2>/dev/null; echo $?; (unset RO; echo no) 2>/dev/null; echo $?; echo $RO
export -p | grep NE; readonly -p | grep RO
unset nosuch; echo $?; v=1; unset v; echo ${v-unset}; unset -v v
cd /; pwd; cd usr; pwd; cd ..; pwd; cd usr/./bin/../..; pwd; cd /usr; cd - ; echo $OLDPWD; cd nosuch 2>/dev/null; echo $?
cd; echo $?; HOME=/usr; cd; pwd; cd -P /; pwd; cd /tmp; cd "$OLDPWD"; pwd
umask 027; umask; (umask 0; umask); umask u=rwx,g=rx,o=; umask; umask 22; umask
type type : cd nosuch for 2>/dev/null; command -v echo; command -v if; command -v nosuch; echo $?; f() { :; }; command -v f; type f
command -v ls > /dev/null; echo $?; command true; echo $?; command nosuch 2>/dev/null; echo $?; command -p ls / > /dev/null; echo $?
: ignored args; echo $?; true x; echo $?; false x; echo $?
shift 2>/dev/null; set -- 1 2 3; shift 2; echo $1; (shift 5; echo no) 2>/dev/null; echo $?; shift 0; echo $#
(exit 300); echo $?; (exit); echo $?; false; (exit); echo $?
(return 3 2>/dev/null); echo $?
x=1 :; echo "$x"; x=2 true; echo "$x"; x=3 eval 'echo $x'; echo "$x"
set -- 'a b' c; eval show "\"\$@\""; set | grep '^RO='; w="it's"; set | grep '^w='
