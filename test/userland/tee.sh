# tee, touch, ln, readlink, du, hostname, which, time, yes.
echo a | tee f; cat f; echo b | tee -a f g; cat f g; echo c | tee > h; cat h; echo d | tee /nodir/x 2>/dev/null; echo $?
yes | head -n 2; yes no | head -n 1; which sh > /dev/null; echo $?; which nosuchprogram; echo $?; time -p true 2>&1 | wc -l; [ "$(hostname)" = "$(uname -n)" ]; echo $?
touch -d @1234567890 t; TZ=UTC0 ls -l t | sed 's/.* //;s/^/touched /'; ls -l t | grep -c '2009'; touch -r t u; [ t -nt u ] || [ u -nt t ] || echo same; touch -c none; ls none 2>/dev/null; echo $?; ln -s t s
ln t hard; ls -l t | cut -d' ' -f2; readlink s; readlink t; echo $?; readlink -f s | sed 's,.*/,,'; readlink -n s; echo; ln -s dangling x; readlink x; ln -s a b 2>/dev/null; ln -s a b 2>/dev/null; echo $?; ln -sf c b; readlink b; ln nofile y 2>/dev/null; echo $?; mkdir dir; ln -s ../t dir; readlink dir/t; ln -s ../../t dir/sub 2>/dev/null; readlink dir/sub
mkdir -p q/r; head -c 10000 /dev/zero > q/f; du -s q | cut -f2; du q | cut -f2; du -a q | cut -f2 | sort
