# How the shell is started, and what it does with errors.
sh -c 'echo $0 $1 $#' name a b; sh -c 'echo "$@"' n 'x y' z; sh -c ''; echo $?; sh -c 'echo a
echo b'; echo 'echo stdin $# $1' | sh -s p q; echo 'echo plain' | sh; echo 'echo script $0 $1' > s; sh s arg; sh ./s arg2; sh -- s dd
printf 'echo no newline' | sh; printf 'exit 3\necho no\n' | sh; echo $?
sh nofile 2>/dev/null || echo failed; sh -c 'nosuch' 2>/dev/null; echo $?; sh -c 'if' 2>/dev/null; echo $?; sh -c 'echo "unterminated' 2>/dev/null; echo $?; sh -c 'echo a; fi; echo b' 2>/dev/null; echo $?
sh -c 'echo before
for do
echo after' 2>/dev/null; echo $?; sh -c '(' 2>/dev/null; echo $?; sh -c 'a b)' 2>/dev/null; echo $?; sh -c 'echo ${x!}' 2>/dev/null; echo $?; sh -c '&& a' 2>/dev/null; echo $?; sh -c 'case x in' 2>/dev/null; echo $?; sh -c '{ a' 2>/dev/null; echo $?; sh -c ';' 2>/dev/null; echo $?; sh -c 'a ;; b' 2>/dev/null; echo $?; sh -c 'f() { ' 2>/dev/null; echo $?; sh -c 'cat <<' 2>/dev/null; echo $?; sh -c 'while do done' 2>/dev/null; echo $?
sh -c ': ${x?gone}; echo no' 2>/dev/null; echo $?; sh -c 'readonly r=1; r=2; echo no' 2>/dev/null; echo $?; sh -c ': > /nodir/x; echo no' 2>/dev/null; echo $?; sh -c 'echo x > /nodir/x; echo yes' 2>/dev/null; echo $?; sh -c '. /nofile; echo no' 2>/dev/null; echo $?; sh -c 'exec > /nodir/x; echo no' 2>/dev/null; echo $?; sh -c 'shift 3; echo no' 2>/dev/null; echo $?; sh -c 'cd /nodir; echo yes' 2>/dev/null; echo $?; sh -c 'set -o bad; echo no' 2>/dev/null; echo $?; sh -c 'export 1x=2; echo no' 2>/dev/null; echo $?; sh -c 'exit abc; echo no' 2>/dev/null; echo $?; sh -c 'break; echo yes'; echo $?; sh -c 'trap x BAD; echo yes' 2>/dev/null; echo $?; sh -c 'unset 2>/dev/null; echo yes'; sh -c 'eval "("; echo no' 2>/dev/null; echo $?
sh -c 'return 5; echo no'; echo $?; sh -c 'false; exit'; echo $?; sh -c 'false
'; echo $?; sh -c 'true; # comment'; echo $?; echo '# only comment' | sh; echo $?; sh -c 'f() { false; }'; echo $?; sh < /dev/null; echo $?
sh -c 'echo $$' | grep -c '[0-9]'; [ "$(sh -c 'echo $$; (echo $$)' | sort -u | wc -l)" -eq 1 ]; echo $?; sh -c '[ $PPID -gt 0 ]'; echo $?
sh -c 'echo ${0}'; sh -c 'echo "$-"' | grep -c i; IFS=x sh -c 'v=axb; echo $v'; sh -c 'x=1; export x; x=2; env' | grep '^x='
sh -c 'echo out; echo err >&2' 2>/dev/null | cat; sh -c 'exec 2>&1; echo a; echo b >&2' | wc -l; A=1 sh -c 'A=2; sh -c "echo \$A"'; sh -c 'alias' > /dev/null 2>&1; sh -ce 'true; echo e'; sh -vc 'echo v' 2>/dev/null
i=0; while [ $i -lt 300 ]; do i=$((i + 1)); x=$(echo $i); done; echo $x; sh -c 'seq 1 100000 | head -n 1; echo $?'; seq 1 50000 > big; sh -c 'x=$(cat big); echo ${#x}'
