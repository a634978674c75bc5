# env, sleep, kill, id, uname, date, true and false as programs; exit statuses.
env -i A=1 B=2 env | sort; env A=x sh -c 'echo $A'; V=1; export V; env -u V sh -c 'echo [$V]'; env -i /bin/echo clean; env nosuch 2>/dev/null; echo $?; env false; echo $?; env A=1 B=2 sh -c 'echo $A$B'; env - X=y env
sleep 0; echo $?; sleep 0.01; echo $?; sleep x 2>/dev/null; echo $?; sleep 2>/dev/null; echo $?
env true; echo $?; env false; echo $?
uname; uname -s; case $(uname -a) in "$(uname -sn) $(uname -r) "*" $(uname -m)"*) echo ok;; esac
date -u -d @0; date -u -d @86399 '+%Y-%m-%d %H:%M:%S %j %a %b %%'; date -u -d @1700000000 +%s; date +%Y | grep -c '^20..$'; date -u -d @951782400 +%F_%T
[ "$(id -u)" -ge 0 ]; echo $?; [ "$(id)" ]; echo $?; id -u | grep -c '^[0-9]*$'; [ "$(id -un)" ] && echo named
sleep 10 & env kill $!; wait $!; echo $?; sleep 10 & env kill -KILL $!; wait $!; echo $?; env kill -0 $$; echo $?
nosuch 2>/dev/null; echo $?; ./nosuch 2>/dev/null; echo $?; : > noexec; ./noexec 2>/dev/null; echo $?; ./ 2>/dev/null; echo $?; mkdir d; ./d 2>/dev/null; echo $?
printf '#!/bin/sh\necho shebang $1\nexit 7\n' > s; chmod +x s; ./s arg; echo $?; echo 'echo plain $1 $#' > t; chmod +x t; ./t a b; printf '#!/nosuch/interp\n' > u; chmod +x u; ./u 2>/dev/null; echo $?
PATH=.:$PATH; s found; mkdir bin; cp t bin/only; PATH=bin:$PATH; only x; PATH=/nonexistent nosuch2 2>/dev/null; echo $?
sh -c 'exit 42'; echo $?; sh -c 'kill -TERM $$' 2>/dev/null; echo $?; sh -c 'kill -SEGV $$' 2>/dev/null; echo $?
ps > psout; grep -c PID psout; [ "$(wc -l < psout)" -ge 2 ]; echo $?
pwd > p1; env pwd > p2; [ -s p1 ] && [ -s p2 ]; echo $?
