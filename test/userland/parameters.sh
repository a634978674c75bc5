# Parameter expansion in all its POSIX forms.
unset u; n=; v=value
echo "${u-d} ${u:-d} ${n-d} ${n:-d} ${v-d} ${v:-d}"
echo "${u+a} ${u:+a} ${n+a} ${n:+a} ${v+a} ${v:+a}" end
echo "${u=set} $u"; unset u; echo "${u:=set2} $u"; echo "${n:=filled} $n"; unset u; n=
(echo "${u?message}") 2>/dev/null; echo "st $?"
(echo "${n:?message}") 2>/dev/null; echo "st $?"
(echo "${n?message}") 2>/dev/null; echo "st $?"
echo "${#v} ${#n} ${#u} ${#}"
set -- one two three; echo "${#} ${#1}"
p=/usr/local/lib/file.tar.gz
echo "${p#*/}" "${p##*/}" "${p%.*}" "${p%%.*}" "${p#/usr}" "${p%nomatch}" "${p#nomatch}"
s='*'; t='a*b*c'
echo "${t%"$s"*}" "${t%%$s*}" "${t#*"*"}" "${t##*'*'}" "${t#a\*}"
echo "${t%\**}" "${t%[*]c}" "${t#?}" "${t%%?}"
x='a b  c'
printf '<%s>' ${u-$x}; echo
printf '<%s>' "${u-$x}"; echo
printf '<%s>' ${u-"$x" d}; echo
printf '<%s>' ${u-a b "c d"}; echo
printf '<%s>' "${u-a "b" c}" | cat; echo
printf '<%s>' ${v+"$@"}; echo
printf '<%s>' "${v+"$@"}"; echo
printf '<%s>' ${u+"$@"} end; echo
echo "${u-${n:-${v}}}" "${u:-$(echo sub)}" "${u:-`echo bq`}" "${u:-$((1+2))}"
echo "${u-}}" "${u-\}}" ${u-'}'} 
echo $1$2 ${1}0 $10 "${10-unset}"
set -- 1 2 3 4 5 6 7 8 9 ten eleven; echo ${10} ${11} $1$2x
echo "$#" "$*" "$?"
v_1=under; echo $v_1 ${v_1}x $v-1 "$v"_1
unset v; echo "[$v]" "${v-gone}"
a=1 b=2 c=$a$b; echo $c
y=${z:=dflt}; echo $y $z
w='~'; echo "$w" $w
echo ~ ~/x "~" \~ a~ ~/"q" ; h=~/y:~/z; echo "$h"; h="~"; echo $h
HOME=/other; echo ~ ~/x
IFS=:; set -- a b c; echo "$*" $*; q=$*; echo "$q"; IFS=; echo "$*"; unset IFS; echo "$*"
long=abcdefghij; echo ${long%${long#???}} ${#long}
