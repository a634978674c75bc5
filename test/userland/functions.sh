# Functions, return, local, recursion, redirected bodies.
f() { echo "f $# $*"; }; f; f a 'b c'
g() { return 3; echo never; }; g; echo $?
g() { false; return; }; g; echo $?
h() { set -- x y; echo $1 $#; shift; echo $1; }; set -- a b c; h q; echo $1 $#
l() { local v=in; echo $v; v=changed; m; echo $v; }; m() { echo "m $v"; v=bym; }; v=out; l; echo $v
l2() { local a b=2; a=1; echo $a$b; unset a; echo "[${a-unset}]"; }; a=A b=B; l2; echo $a$b
fact() { if [ $1 -le 1 ]; then echo 1; else echo $(($1 * $(fact $(($1 - 1))))); fi; }; fact 6
r() { echo to file; } > out; r; cat out
s() ( x=sub; exit 4 ); x=top; s; echo $? $x
k() if true; then echo ifbody; fi; k
w() for i in "$@"; do echo "w$i"; done
w 1 2
f() { echo redefined; }; f
unset -f f; f 2>/dev/null; echo $?
echo() { printf 'my %s\n' "$*"; }; echo hi; command echo builtin; unset -f echo; echo back
loop() { for i in 1 2 3; do [ $i = 2 ] && return 7; echo $i; done; }; loop; echo $?
inner() { break; echo after; }; for i in 1 2; do echo $i; done
v=1; t() { echo "t$v"; }; v=2 t; echo $v
E=x; t() { sh -c 'echo "[$E]"'; }; E=exported t; t
d() { d2() { echo nested; }; }; d; d2
p() { echo "$1" "$@" "${0##*/}"; }; p ab
deep() { [ $1 = 0 ] && return 0; deep $(($1 - 1)) || return; echo $1; }; deep 3
e() { eval 'return 5'; echo never; }; e; echo $?
out=$(f2() { echo captured; }; f2); echo $out
a() { b; }; b() { return 9; }; a; echo $?; if a; then :; else echo "cond $?"; fi
f_1() { cat; }; echo piped | f_1; f_1 <<X
heredoc
X
f3() { echo "$*" >&3; }; f3 three 3>&1
while_ret() { while :; do return 2; done; }; while_ret; echo $?
trap_ret() { case x in x) return 6;; esac; echo no; }; trap_ret; echo $?
