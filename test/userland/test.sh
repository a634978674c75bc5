# test and [.
t() { "$@"; printf '%s ' $?; }
t [ a ]; t [ '' ]; t [ ]; t [ a = a ]; t [ a = b ]; t [ a != b ]; t [ -n a ]; t [ -n '' ]; t [ -z '' ]; t [ -z a ]; echo
t [ 1 -eq 1 ]; t [ 1 -ne 1 ]; t [ 1 -lt 2 ]; t [ 2 -le 2 ]; t [ 3 -gt 2 ]; t [ 1 -ge 2 ]; t [ -1 -lt 1 ]; t [ ' 5' -eq 5 ]; t [ 010 -eq 10 ]; echo
t [ ! a ]; t [ ! '' ]; t [ ! a = b ]; t [ ! -z a ]; t [ a -a b ]; t [ a -a '' ]; t [ '' -o b ]; t [ '' -o '' ]; echo
t [ '(' a ')' ]; t [ '(' '' ')' ]; t [ a = a -a b = b ]; t [ a = b -o b = b ]; t [ '(' a = b -o b = b ')' -a c ]; t [ ! '(' a = a ')' ]; echo
t [ = ]; t [ ! ]; t [ -n ]; t [ '(' ]; t [ = = = ]; t [ ! = ! ]; t [ -n = -n ]; t [ '(' = '(' ]; t [ -f = -f ]; echo
: > f; echo x > full; mkdir d; ln -s f link; ln -s nowhere dangling; chmod 644 f
t [ -e f ]; t [ -e no ]; t [ -f f ]; t [ -f d ]; t [ -d d ]; t [ -d f ]; t [ -s f ]; t [ -s full ]; t [ -L link ]; t [ -h f ]; t [ -e dangling ]; t [ -L dangling ]; echo
t [ -r f ]; t [ -w f ]; t [ -x f ]; t [ -x d ]; t [ -p f ]; t [ -c /dev/null ]; t [ -b /dev/null ]; t [ -S f ]; t [ -u f ]; t [ -g f ]; t [ -t 0 ]; echo
chmod u+s f; t [ -u f ]; touch -r full f; t [ f -nt full ]; t [ f -ot full ]; t [ no -nt f ]; t [ f -ef link ]; t [ f -ef full ]; echo
t test a; t test; t test a = a; t test 1 -gt 2; echo
{ t [ a ; t [ x -eq 1 ]; t [ 1 -eq ]; t [ a b ]; t [ a b c ]; } 2>/dev/null; echo
x=; t [ "$x" = '' ]; t [ -n "$x" ]; t [ "${x:-d}" = d ]; echo
env test 1 -eq 1; echo $?; env [ a = b ]; echo $?
