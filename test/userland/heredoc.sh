# Here-documents.
x=var
cat <<E
plain $x ${x}s $(echo sub) `echo bq` $((1 + 2)) \$x \\ \` "q" 'q' \n
con\
tinued
E
cat <<'E'
raw $x \$x \
kept
E
cat <<"E"; cat <<\E
dq $x
E
bs $x
E
cat <<-E
	tab $x
		two tabs
	E
cat <<-'E'
	raw tab $x
	E
cat <<A <<B
first
A
second
B
cat <<A; cat <<B
one
A
two
B
cat <<E | grep -n p
piped
E
f() { cat <<E
in function $1
E
}; f arg; f arg2
echo "$(cat <<E
in sub
E
)"
while read a b; do echo "$b $a"; done <<E
1 2
3 4
E
if cat <<E; then echo ok; fi
cond
E
cat <<E
E
cat <<E
${x:-a "b" c} ${u:-"d"} ${u-$x}
	keeps tab
end E
 E
E
cat <<'end of it'
spaces
end of it
cat 3<<E <&3
fd three
E
i=0; while [ $i -lt 2 ]; do i=$((i + 1)); cat <<E; done
loop $i
E
big=$(seq 1 3000); cat <<E | tail -n 1
$big
E
read y <<E
  trimmed  
E
echo "[$y]"
(cat <<E) ; { cat; } <<F
paren
E
brace
F
cat <<E
"$@" '$#'
$(cat <<I
nested
I
)
E
