# if, for, while, until, case, lists, break and continue.
if true; then echo t; fi; if false; then echo f; else echo e; fi
if false; then :; elif true; then echo elif; else echo no; fi
if false; then :; fi; echo "st $?"
for i in 1 2 3; do echo -n $i; done; echo
for i in; do echo never; done; echo "empty $?"
i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo -n $i; done; echo
until [ $i -eq 0 ]; do i=$((i - 1)); done; echo $i
for i in 1 2 3 4; do [ $i = 2 ] && continue; [ $i = 4 ] && break; echo $i; done
for i in 1 2; do for j in a b c; do [ $j = b ] && continue 2; echo $i$j; done; done
for i in 1 2; do for j in a b c; do [ $j = b ] && break 2; echo $i$j; done; done; echo $i$j
while :; do while :; do break 9; done; echo never; done; echo out
while false; do :; done; echo "st $?"
for i in 1; do false; done; echo "st $?"
for i in 1; do false; break; done; echo "st $?"
true && echo a || echo b; false && echo a || echo b; false || false || echo c; true && false; echo "st $?"
! true; echo $?; ! false; echo $?; ! false | true; echo $?; ! { false; } && echo neg
{ echo g; false; }; echo $?; (echo s; exit 5); echo $?
x=1; (x=2; echo $x); echo $x; { x=3; }; echo $x
(cd / && pwd); (exit 3) || echo "three $?"
true; echo $? ; false; echo $?; echo $?
echo one; echo two & wait; echo three
false & wait $!; echo "bg $?"
if (false); then echo no; else echo sub; fi
if { true; }; then echo grp; fi
if ! false; then echo not; fi
while read l; do echo "l=$l"; done <<E
1
2
E
for i in a b
do
	echo $i
done
if true
then
	echo newline
fi | cat
case a in
a)
	echo x
	;;
esac
for if in then do; do echo $if; done
echo if then else fi do done
false
x=$(false) ; echo "assign $?"; x=$(true); echo "assign $?"; x=$(exit 7) y=1; echo "assign $?"
echo a | cat | cat | grep a; echo x | false; echo $?; false | true; echo $?
seq 3 | while read n; do t=$((t + n)); echo $t; done; echo "[$t]"
i=0; while i=$((i + 1)); [ $i -le 2 ]; do echo w$i; done
until false; do break; done; echo $?
while true; do (exit 4); break; done; echo $?
