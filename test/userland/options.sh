# set -e -u -x -f -a -n, $- and set --.
run() { sh -c "$1" 2>/dev/null; echo "= $?"; }
run 'set -e; false; echo no'
run 'set -e; false || true; echo yes'
run 'set -e; if false; then :; fi; echo yes'
run 'set -e; while false; do :; done; echo yes'
run 'set -e; ! true; echo yes'
run 'set -e; false && true; echo yes'
run 'set -e; true && false; echo no'
run 'set -e; (false); echo no'
run 'set -e; (false; echo inner); echo no'
run 'set -e; { false; }; echo no'
run 'set -e; f() { false; echo no; }; f; echo no'
run 'set -e; f() { false; echo cond; }; f || echo or; echo yes'
run 'set -e; x=$(false); echo no'
run 'set -e; echo $(false); echo yes'
run 'set -e; false | true; echo yes'
run 'set -e; true | false; echo no'
run 'set -e; case x in x) false;; esac; echo no'
run 'set -e; for i in 1; do false; done; echo no'
run 'set -e; eval false; echo no'
run 'set -e; trap "echo trap" EXIT; false'
run 'set -e; set +e; false; echo yes'
run 'set -eu; echo ${x-ok}; echo $x; echo no'
run 'set -u; echo "$@" $*; echo $# ${x:-d}; : ${x?}; echo no'
run 'set -f; echo *; set +f'
run 'set -n; echo no'
run 'set -a; V=exp; sh -c "echo \$V"'
run 'set -- -x a; echo $1 $#; set -- ; echo $#; set a b; echo $*'
run 'set -e -u; case $- in *e*u*|*u*e*) echo both;; esac; set +u; case $- in *u*) echo no;; *) echo off;; esac'
run 'set -o errexit; false; echo no'
run 'set -o noglob; echo *; set +o noglob'
run 'set -o nonsense; echo no'
run 'set -q; echo no'
sh -ec 'false; echo no'; echo "= $?"
sh -uc 'echo $nope; echo no' 2>/dev/null; echo "= $?"
sh -xc 'a=1; echo $a "b c"; for i in x; do : $i; done' 2>&1
PS4='> ' sh -xc 'x=2 env true; ! false' 2>&1
set -x 2>/dev/null; { set +x; } 2>/dev/null
