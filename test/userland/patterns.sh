# case patterns and pathname expansion.
m() { case $1 in $2) echo "$1 ~ $2";; *) echo "$1 !~ $2";; esac; }
m abc 'a*'; m abc 'a?c'; m abc '[a-c]bc'; m abc '[!a]*'; m abc '*c'; m abc 'ab'; m '' '*'; m '' '?'
m a-b 'a[-x]b'; m 'a]b' 'a[]]b'; m 'x5' 'x[[:digit:]]'; m 'xa' 'x[![:digit:]]'; m '*' '\*'; m 'a' '\*'
case 'a*' in 'a*') echo lit;; esac
case ab in 'a*') echo bad;; a\*) echo bad;; "a"*) echo good;; esac
q='*'; case x in "$q") echo bad;; $q) echo unquoted;; esac
case x in (a|b) echo no;; (x|y) echo yes;; esac
case x in a) ;; esac; echo "none $?"
case x in x) false;; esac; echo "st $?"
case x in x) ;; esac; echo "empty $?"
case "a b" in a\ b) echo space;; esac
case in in in) echo in;; esac
case esac in (esac) echo esac;; esac
case $(echo sub) in s*) echo cmdsub;; esac
mkdir d d/e; : > a1; : > a2; : > b1; : > .hid; : > 'sp ace'; : > d/f1; : > d/e/f2
echo *; echo a*; echo ?1; echo [ab]1; echo [!a]1; echo .h*; echo nomatch*; echo 'a*' "a*" a\*
echo d/*; echo */f*; echo d/*/; echo */*/*; echo d/[e-f]*; echo ./a*; echo "a"*
x='a*'; echo $x "$x"; for f in b* "n o" *\ *; do echo "<$f>"; done
set -f; echo a* $x; set +f; echo $x
y=a*; echo "$y" $y
: > '[z]'; echo [z]*; echo \[z*; echo "["*
echo > redir-*.txt; ls redir*
