# ulimit: what was set is read back, in the unit of each letter; soft below hard; what is refused.
for letter in t f d c m l n v; do
  (ulimit -S -$letter 4321; echo "$letter $(ulimit -$letter) $(ulimit -S -$letter)" "$([ "$(ulimit -H -$letter)" = 4321 ]; echo $?)")
done
(ulimit -s 4096; ulimit -s; ulimit -H -s; ulimit -S -s 2048; ulimit -s; ulimit -Hs)
(ulimit -f 7; ulimit; ulimit -S; ulimit 5; ulimit -H; sh -c ulimit)
(ulimit -S -c 0; ulimit -c)
(ulimit -n 64; ulimit -n 32; ulimit -n; ulimit -H -n; sh -c 'ulimit -n; ulimit -S -n 33 2>/dev/null; echo $?; ulimit -n')
(ulimit -S -n 7; (: 8< /dev/null) 2>/dev/null; echo $?; ulimit -S -n 20; (: 8< /dev/null); echo $?)
(ulimit -n 12x 2>/dev/null; echo $?; ulimit -Z 2>/dev/null; echo $?)
(ulimit -f 1; ulimit -d 200000; ulimit -t 3; ulimit -s 1024; ulimit -c 0; ulimit -m 4096; ulimit -l 5; ulimit -n 99; ulimit -v 9999999; for letter in f d t s c m l n v; do ulimit -$letter; ulimit -H -$letter; done)
(trap '' XFSZ; ulimit -f 1; dd if=/dev/zero of=big bs=1024 count=2 2>/dev/null; wc -c < big)
type ulimit; command -v ulimit
