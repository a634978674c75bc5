# echo and printf.
echo; echo ''; echo a  b; echo -n x; echo y; echo -- z; echo -n; echo -e q
echo 'a\tb\\c\nd'; echo 'stop\chere'; echo; echo '\0101\0' | wc -c
printf 'plain\n'; printf '%s\n' a b c; printf '%s-%s\n' a b c; printf '%d %i\n' 5 -7; printf '%5d|%-5d|%05d|%+d\n' 42 42 42 42
printf '%x %X %o %u %#x %#o\n' 255 255 8 7 255 8; printf '%c%c\n' abc def; printf '%5s|%-5s|%.2s|%5.1s|\n' ab ab abcd xyz
printf '%%|%s\n' x; printf '\101\t\x|\\\n'; printf '%b\n' 'a\tb\0101'; printf '%b' 'x\cy' z; echo; printf '%s'; echo; printf '%d\n'
printf '%s %s|' a; echo; printf 'no newline'; echo; printf '%*d|%-*d|%.*f\n' 5 1 4 2 2 3.14159
printf '%f %.2f %e %g %G\n' 1.5 2.345 12345.678 0.0001 1e20; printf '%d\n' 0x10 010 "'A" '"B'; printf '%s\n' "a b" 'c%d'
printf '%d\n' abc 2>/dev/null; echo $?; printf '%d\n' 12x 2>/dev/null; echo $?; printf '%z\n' 2>/dev/null; echo $?
printf -- '-x\n'; printf '%s\n' -n; printf '%.3d|% d|%ld\n' 5 6 2>/dev/null | head -c 10; echo
printf '%10.4s|%-10s|%010.3f\n' abcdefgh left 3.14159; printf '%s\n' "$(printf 'a\nb\n\n')"; printf '\n%s\n\n' mid
printf '%u\n' 18446744073709551615; printf '%d\n' -9223372036854775808 9223372036854775807; printf '%x\n' -1; printf '%5%|\n' 2>/dev/null | head -c 0; echo end
env printf '%s|%3d|%b\n' ext 7 'a\tb'; env echo ext
