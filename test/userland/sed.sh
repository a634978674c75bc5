# sed: addresses, s, the hold space, branches, -n -e -i -E.
seq 10 > n; printf '%s\n' 'hello world' 'foo bar foo' 'a.b.c' '' 'last line' > t
sed 3q n; sed -n 2p n; sed -n '2,4p' n; sed -n '$p' n; sed '2,$d' n; sed -n '/5/,/7/p' n; sed -n '/8/,$p' n; sed -n '3!p' n | head -n 3; sed '1d;3d;5,9d' n; sed -n '5,2p' n; sed -n '2,/3/p' n; sed -n '/2/,3p' n; sed -n '\,1,p' n
sed 's/o/0/' t; sed 's/o/0/g' t; sed 's/foo/[&]/2' t; sed -n 's/foo/x/gp' t; sed 's/\(hello\) \(world\)/\2 \1/' t; sed -E 's/(foo) (bar)/\2 \1/' t; sed 's/HELLO/x/I' t; sed 's|a.b|x/y|' t; sed 's/\./-/g' t; sed 's/$/!/' t; sed 's/^/> /' t; sed 's/x*/-/g' t; sed 's/o*/<&>/2g' t; sed 's/l/L/3' t
sed 's/ /\n/' t; sed 's/[/.]/_/g' t; sed 's,/,|,g' t; sed 's/a\|b/X/g' t; sed -E 's/a|b/X/g' t; sed 's/.*/"&"/' t; sed 's/b\{1\}/B/' t; sed 's/w.*/\&/' t; sed -E 's/(l)(l)?/[\2\1]/g' t
sed = t | head -n 4; sed -n '/foo/=' t
sed '2a after' n | head -n 4; sed '2i before' n | head -n 4; sed '2c changed' n | head -n 3; sed '2,4c range' n | head -n 3; sed '$a\
end' n | tail -n 2; sed '1a\
one\
two' n | head -n 3; sed '/3/i\  lead' n | head -n 4
sed 'n;d' n; sed -n 'n;p' n; sed 'N;s/\n/-/' n; sed '$!N;s/\n/ /' n; sed -n '$!{h;d};H;x;p' n; sed G t; sed -n '1!G;h;$p' n; sed 'x' t; sed -n 'H;${x;s/\n/,/g;p}' n; sed 'N;P;D' n; sed '$!d' t; sed -n '2{p;q}' n; seq 3 | sed 'N;N;N;s/\n/+/g'
sed ':a;s/o/0/;ta' t; sed ':a;N;$!ba;s/\n/,/g' n; sed -e '/5/b' -e 's/^/x/' n; sed '/foo/bend;s/^/-/;:end' t; sed -n '/hello/{s/h/H/;p}' t; sed '/^$/d' t; sed -n '2,3{/foo/!p;}' t; sed 's/a/b/;t;s/$/ no/' t
sed -e s/1/one/ -e s/2/two/ n | head -n 2; printf 's/1/X/\n2d\n# comment\n' > script; sed -f script n | head -n 2; sed '# comment
3q' n; sed -n '
/a/ {
	s/a/A/
	p
}' t
cp t u; sed -i 's/foo/baz/' u; cat u; cp t v; sed -i 2d u v; cat u v; sed -n -i p u; cat u; printf 'no newline' | sed 's/n/N/'; echo; printf 'a\nb' | sed p; echo; sed p /dev/null; echo x | sed 5q; sed q3 n; echo $?; sed 's/x' n 2>/dev/null; echo $?; sed k n 2>/dev/null; echo $?; sed p nofile 2>/dev/null; echo $?; sed -n '$=' n t
sed 's/\t/T/' t > /dev/null; echo 'a b' | sed 's/\(a\) \(b\)/\2\
\1/'; echo aaa | sed 's/a/b/2g'; echo abc | sed 's/b*/X/2'; echo baaac | sed 's/a*/x/g'; echo hello | sed 's/[^,]*/(&)/g'; echo 'one;two' | sed 's/;/\n/;P;D'; echo x | sed 's/x/a&b\&c/'
