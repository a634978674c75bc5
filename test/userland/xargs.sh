# xargs.
printf '%s\n' a b c | xargs; printf '%s\n' a b c | xargs echo x; printf 'a b\nc  d\n' | xargs -n 1; seq 5 | xargs -n 2; seq 3 | xargs -n 2 echo p; seq 3 | xargs -I{} echo '<{}>'; printf 'a b\nc\n' | xargs -I X echo X-X
printf 'a b\0c\0' | xargs -0 -n 1; printf '' | xargs echo none; printf '' | xargs -r echo none; printf '"a b" '"'c d'"' e\\ f\n' | xargs -n 1; echo a | xargs false; echo $?; echo a | xargs nosuchcmd 2>/dev/null; echo $?; echo a | xargs sh -c 'exit 3'; echo $?
seq 2000 | xargs echo | wc -w; seq 10 | xargs -n 3 sh -c 'echo $#' x; printf 'x\n\n\ny\n' | xargs -n 1; printf '  lead\n' | xargs -I{} echo '[{}]'; find . -type f | xargs -r ls; printf 'a\tb\n' | xargs -n1
