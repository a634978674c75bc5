# sort and grep.
printf '%s\n' b a c a > l; printf '%s\n' 10 9 -1 2.5 x '' 100 > n; printf '%s\n' 'b:2:x' 'a:10:y' 'c:2:a' 'a:1:z' > k; printf '%s\n' 'b  2' 'a 3' ' c 1' > s
sort l; sort -r l; sort -u l; sort -ur l; sort n; sort -n n; sort -rn n; sort -nu n
sort -t: -k2 k; echo; sort -t: -k2n k; echo; sort -t: -k2,2n -k1,1r k; echo; sort -t : -k 3 k; echo; sort -t: -k1,1 k; echo; sort -t: -k2,2nr k; echo; sort -t: -k1,1 -u k
sort -k2 s; echo; sort -k2n s; echo; sort -b s; sort l n | head -n 3; sort < l | tail -n 1; echo z | sort - l; printf 'B\na\nC\n' | sort; printf 'B\na\nC\n' | sort -f
sort -o l l; cat l; sort nofile 2>/dev/null; echo $?; printf 'b\na' | sort; sort /dev/null
printf '%s\n' 'apple pie' Banana 'cherry tart' apple 'a.c' abc '' 'tail$' '[br]' > g
grep apple g; grep -c apple g; grep -i banana g; grep -v a g; grep -n ap g; grep '^a' g; grep 'e$' g; grep -F 'a.c' g; grep 'a.c' g; grep -x apple g; grep -F '[br]' g; grep -F 'l$' g
grep -E 'pie|tart' g; grep -E '^(ap|ab)' g; grep -E 'p{2}' g; grep 'p\{2\}' g; grep '[[:upper:]]' g; grep -e pie -e tart g; grep 'pie
tart' g; grep -E 'an+a?' g; grep '\(a\)n\1' g; grep -c '' g; grep -vc '^$' g
grep nope g; echo $?; grep -q apple g; echo $?; grep -q nope g; echo $?; grep x nofile 2>/dev/null; echo $?; grep -s x nofile; echo $?; grep -q apple g nofile 2>/dev/null; echo $?; grep '[' g 2>/dev/null; echo $?
mkdir d d/e; cp g d/one; echo apple > d/e/two; grep -l apple g d/one d/e/two; grep apple g d/e/two; grep -c apple g l; grep -h apple g d/e/two; grep -H -c tart g; grep -r two d; grep -rl apple d | sort; grep -rn apple d/e
grep a < l; echo xyz | grep y; echo xyz | grep -n y -; grep -vn p g; grep -in APPLE g; grep -iF PIE g; printf 'no nl' | grep nl
