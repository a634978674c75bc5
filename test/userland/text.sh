# cat, head, tail, wc, seq, basename, dirname.
seq 5; seq 2 4; seq 1 2 7; seq 5 -2 1; seq 3 1; seq -2 2; seq -s, 3; seq -w 8 11; seq 0.5 0.5 2; seq 1 1 | cat
seq 20 > n; printf 'a b c\nd e\n' > w; printf 'no newline' > nn; : > e
head n | tail -n 1; head -n 3 n; head -2 n; head -c 5 n; echo; head -n 0 n; head -n 2 n w; head -n 1 - < n
tail -n 3 n; tail -2 n; tail -n +19 n; tail -c 4 n; tail -n 0 n; tail -n 1 nn; echo; tail -n 99 w; tail -n 1 n w; seq 4 | tail -n 2; tail -c +3 w; tail -n +1 w; tail e
cat n w nn | wc; wc n; wc -l n; wc -w w; wc -c nn; wc n w; wc -lc w; wc < w; wc -l < n; wc e; echo hi | wc -; cat w | wc -l; wc -l n w e
cat w nn; echo; cat - < w; echo in | cat - w; cat nofile 2>/dev/null; echo $?; cat nofile w 2>/dev/null; echo $?; cat < e; echo $?
head -n 1 nofile 2>/dev/null; echo $?; wc nofile 2>/dev/null; echo $?; cat d 2>/dev/null; echo $?; mkdir d; cat d 2>/dev/null; echo $?
for p in /a/b/c a/b a / // /a a/ /a/ '' . ..; do printf '%s|%s ' "$(basename "$p")" "$(dirname "$p")"; done; echo
basename /x/y.c .c; basename y.c y.c; basename a.c .h; basename .c .c; dirname /a//b//; dirname a//b
printf 'x\0y\n' | wc -c; seq 1000 | head -n 500 | tail -n 1; seq 100000 | wc
seq 10 | { head -n 1 > /dev/null; echo; }; while :; do echo y; done 2>/dev/null | head -n 2; printf '\n\n\n' | wc -l; printf ' a  b \n\tc' | wc -w
tail -n x n 2>/dev/null; echo $?; head -n 1 n nofile 2>/dev/null; echo $?; seq x 2>/dev/null; echo $?; seq 2>/dev/null; echo $?
