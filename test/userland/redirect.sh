# Redirections.
echo one > f; cat f; echo two >> f; cat < f; cat <f >g; cat g
> empty; wc -c < empty; : > f; cat f; echo "[$(cat f)]"
echo err >&2 2>/dev/null | cat; { echo out; echo err >&2; } 2>/dev/null
{ echo out; echo err >&2; } 2>&1 >/dev/null; { echo out; echo err >&2; } >/dev/null 2>&1; echo both
ls nonexist 2>/dev/null; echo $?
echo 3 3>f >&3; cat f; exec 3>f; echo to3 >&3; echo more >&3; exec 3>&-; cat f
{ echo x >&3; } 2>/dev/null || echo closed
exec 4<f; read a <&4; read b <&4; echo "$a $b"; exec 4<&-
echo 1 2>f; cat f; echo 2>f 12; cat f; echo a2>f; cat f
echo rw > f; cat <>f; exec 5<>f; read x <&5; echo more >&5; exec 5>&-; cat f
set -C; echo no 2>/dev/null > f; echo $?; echo clob >| f; cat f; echo dev > /dev/null; echo $?; echo new > fresh; cat fresh; set +C
for i in 1 2; do echo $i; done > f; cat f; while read x; do echo "r$x"; done < f
if true; then echo inif; fi > f; cat f; { echo g1; echo g2; } > f; wc -l < f; (echo sub) >> f; tail -n 1 f
cat < nonexist 2>/dev/null; echo $?; { echo not; } < nonexist 2>/dev/null; echo $?
echo x > nodir/f 2>/dev/null; echo $?
cat f - < g; echo in | cat g -
v=f; echo var > $v; cat "$v"; echo q > "sp f"; cat "sp f"
echo a >f b; cat f; >f echo first; cat f; <f cat
(exec > f; echo inexec); cat f; exec 6>&1; exec > f; echo hidden; exec >&6 6>&-; cat f
f() { cat; }; f < f; f < g | cat
echo z | { read z; echo "$z"; cat; } < g
cat 0<f 1>&1; cat 3<f <&3
2>/dev/null; echo $?; x=5 > f; echo $x; wc -c < f
echo swap 3>&1 >&2 2>&3 2>/dev/null; echo done
