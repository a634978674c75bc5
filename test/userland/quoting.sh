# Quotes, backslashes, comments and line continuation.
echo 'single $x `y` \n "q"' | cat
printf '%s\n' "double \$x \`y\` \"q\" \\ \a"
printf '%s\n' back\ slash \$HOME \\ \'
printf '<%s>' "" '' x""y ""; echo
printf '%s\n' con\
tinued "in\
side" 'not\
here'
echo a#b # comment
echo "#no comment" #'comment with quote
x='a b'
printf '<%s>' "$x"c'd e'"f"; echo
printf '<%s>' "'" '"' "a'b"; echo
printf '%s\n' "multi
line"
e\cho spliced
ec"ho" quoted name
"if" 2>/dev/null; echo "if quoted $?"
printf '<%s>' $'\x41' | cat; echo
printf '<%s>' "$(printf '%s' "in \"ner\" $(echo 'deep "er"')")"; echo
printf '<%s>' "`printf '%s' "bq \\\`echo n\\\`"`"; echo
printf '<%s>' `echo \$x` `echo \\\\`; echo
echo "a	tab"	sep
{ echo brace; } ; echo {a,b} } {
echo =a a=b -n
printf '<%s>' "a$" "$ b" $ "a$%"; echo
