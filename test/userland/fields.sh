# Field splitting, "$@" and the positional parameters.
show() { printf '%d:' $#; printf '<%s>' "$@"; echo; }
x='  a  b	c
d  '
show $x; show "$x"; show a$x; show $x"z"; show "z"$x; show $x$x
IFS=:
x='a:b::c:'; show $x; show "$x"; x=':a'; show $x; x='::'; show $x; x=:; show $x
IFS=' :'
x='a : b: c :d  e : : f'; show $x; x=' : a'; show $x
IFS=,; x='1,2 3,4'; show $x; show $(echo 5,6 7); show `echo 8,9`
IFS=''; x='a b'; show $x; show $(echo a b)
unset IFS; show $x
IFS=5; show $((1500 + 52)); unset IFS
set --; show "$@"; show "$*"; show $@; show $*; show "a$@b"; show ""$@; show "$@"""
set -- '' ; show "$@"; show $@; show "$*"
set -- 'a b' '' c; show "$@"; show $@; show "$*"; show $*; show "x$@y"; show x$@y; show "$@$@"
set -- -a --; show "$@"; set -- "$@" more; show "$@"
shift; show "$@"; shift 2; show "$@"
for i; do echo never; done
set -- p q; for i do printf '%s,' $i; done; echo
for i in "$@" "$*"; do printf '%s,' "$i"; done; echo
e=; show $e; show "$e"; show $e$e; show $e"$e"; show x$e
show $(printf 'a\n\nb\n\n'); show "$(printf 'a\n\nb\n\n')"
a="x y"; b=$a; show "$b"; c=$(echo $a); show "$c"
y="one two" z=$y; show "$z"
export E="q r"; show "$E"; f=$E/$E; show "$f"
case $a in 'x y') echo nosplit;; esac
