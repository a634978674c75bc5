# mkdir, rmdir, rm, cp, mv, ln, chmod, touch and ls.
umask 022
first() { while read -r word rest; do echo "${word%.}"; done; }
mode() { ls -ld "$1" | first; }
mkdir a; mkdir a 2>/dev/null; echo $?; mkdir -p a/b/c a/b/d; echo $?; mkdir -p a; echo $?; mkdir x/y 2>/dev/null; echo $?; mkdir -m 700 m; mode m; mkdir -m u=rwx,go= m2; mode m2; ls -R a
rmdir a 2>/dev/null; echo $?; rmdir a/b/d; ls a/b; mkdir -p r/s/t; rmdir -p r/s/t; ls -d r 2>/dev/null; echo $?
echo one > f; cp f g; cat g; echo two > f; cp f g; cat g; cp f a; cat a/f; cp f g a/b; ls a/b; cp nofile x 2>/dev/null; echo $?; cp a x 2>/dev/null; echo $?; cp f f 2>/dev/null; echo $?
cp -r a copy; ls -R copy; cp -r a copy; ls copy; cat copy/a/f; chmod 751 f; cp f h; mode h; chmod 4755 f; cp -p f hp; mode hp; [ f -nt hp ] || [ hp -nt f ] || echo same; cp f g nodir 2>/dev/null; echo $?
ln -s f sl; x=$(ls -l sl); echo "${x##* sl}"; cp sl cl; [ -L cl ]; echo $?; cp -r sl rl; [ -L rl ]; echo $?; ln f hl; echo three > f; cat hl sl; ln f hl 2>/dev/null; echo $?; ln -f g hl; cat hl; ln -sf g sl; cat sl; mkdir ld; ln -s ../f g ld; ls ld; cat ld/f
mv g moved; ls g 2>/dev/null; echo $?; cat moved; mv moved a; ls a; mv a/b a/f ld; ls ld; mv nofile x 2>/dev/null; echo $?; mv ld ld2; ls -d ld2; mv hl sl; ls sl; mv -f hp h; mode h
rm h; ls h 2>/dev/null; echo $?; rm nofile 2>/dev/null; echo $?; rm -f nofile; echo $?; rm a 2>/dev/null; echo $?; rm -r a copy; ls -d a copy 2>/dev/null; echo $?; rm -rf ld2 nodir; echo $?; rm -rf . 2>/dev/null; echo $?; rm -f; echo $?; rm 2>/dev/null; echo $?
: > p; for m in 644 755 000 u+x g+w o=r a+x go-rwx =r u=rw,g=u,o= +x -r u+s g+s 1777 a= ug+rw a+X u=rwX,go=rX; do chmod $m p; printf '%s ' $(mode p); done; echo; chmod 644 p
mkdir q q/r; : > q/s; chmod -R 700 q; mode q/r; mode q/s; chmod -R u=rwX,go=rX q; mode q/r; mode q/s; chmod a+rX q; mode q; chmod z q 2>/dev/null; echo $?; chmod 644 nofile 2>/dev/null; echo $?; chmod 999 p 2>/dev/null; echo $?
touch t; [ -f t ]; echo $?; touch -c tc; [ -e tc ]; echo $?; touch -r p t; [ t -nt p ] || [ p -nt t ] || echo eq; touch t nodir/x 2>/dev/null; echo $?
mkdir L; cd L; : > b; : > a; : > .h; mkdir D; : > D/i; ln -s a s; mkdir D/.x
ls; ls -a; ls -A; ls -1; ls -d .; ls a b; ls D; ls D a; ls -R; ls -F; ls -r; ls nofile a 2>/dev/null; echo $?; ls -d *; ls -a D; ls -d D/ D; ls s; ls -l D | head -n 1; chmod 640 a; echo 12345 > b
ls -l a b | while read -r m l u g s rest; do echo $m $l $s; done; ls -l | tail -n +2 | first; mode D; ls -F D; ls -S a b; touch -r /dev/null x 2>/dev/null; mode /dev/null; touch -r /etc/passwd a b; ls -l --  a b > l1; ls -l b a | while read -r line; do echo "${line#*[0-9] }" | { read u g s r; echo $s ${r##* }; }; done; ls -t a D/i | wc -l
