// What real programs are asked to do: the same command natively and under Umwelt must give the same output and status.
// `text` is a generated file of a few megabytes, `bin` binary noise; both lie in the working directory.

const busybox = (name, script) => ({
  name: `busybox ${name}`,
  package: 'busybox-static',
  program: 'bin/busybox',
  args: ['sh', '-c', script],
})
const bash = (name, script) => ({
  name: `bash ${name}`,
  package: 'bash-static',
  program: 'bin/bash-static',
  args: ['-c', script],
})

export const CASES = [
  busybox('echo', 'echo hello; exit 3'),
  busybox(
    'gzip round trip',
    `busybox gzip -c text > t.gz; busybox gunzip -c t.gz | busybox cmp - text && echo same; busybox wc -c < t.gz`,
  ),
  busybox(
    'bzip2',
    `busybox bzip2 -c bin | busybox md5sum; busybox bzip2 -c text | busybox bunzip2 | busybox md5sum`,
  ),
  busybox('xz', `busybox unxz -c text.xz | busybox sha256sum`),
  busybox(
    'sha256sum',
    'busybox sha256sum text bin; busybox sha512sum bin; busybox sha1sum text; busybox md5sum text; busybox cksum bin',
  ),
  busybox(
    'sort',
    'busybox sort text | busybox md5sum; busybox sort -u -r text | busybox wc -l; busybox sort -n -k2 text | busybox sha1sum',
  ),
  busybox(
    'awk',
    `busybox awk '{n[length($1)]++; s+=$2} END {for (i=1;i<20;i++) if (n[i]) print i, n[i]; printf "%.6f\\n", s/7; print sqrt(2), sin(1), exp(1), int(-3.7)}' text`,
  ),
  busybox(
    'sed',
    `busybox sed -n 's/\\([a-z]*\\) \\([0-9]*\\)/\\2-\\1/p' text | busybox md5sum; busybox sed '1~3d;s/a/AA/g' text | busybox tail -n 3`,
  ),
  busybox(
    'tar',
    'busybox mkdir -p d/e; busybox cp text d/e/; busybox tar cf x.tar d; busybox tar tf x.tar; busybox mkdir o; busybox tar xf x.tar -C o; busybox cmp o/d/e/text text && echo same',
  ),
  busybox(
    'grep',
    `busybox grep -c 'a.*e' text; busybox grep -n '^q' text | busybox head -n 5; busybox grep -E '(ab|cd)+[0-9]?' text | busybox wc -l`,
  ),
  busybox(
    'pipes',
    'busybox cat text | busybox tr a-z A-Z | busybox cut -d" " -f1 | busybox uniq -c | busybox sort -rn | busybox head -n 5',
  ),
  busybox(
    'background',
    'for i in 1 2 3; do (busybox sleep 0.$((i * 3)); echo done $i) & done; wait; echo all',
  ),
  busybox('trap', `trap 'echo caught' USR1; kill -USR1 $$; trap 'echo bye' EXIT; echo end`),
  busybox('signal status', '(kill -TERM $$) ; sh -c "kill -9 \\$\\$"; echo $?'),
  busybox(
    'arithmetic',
    'i=0; s=0; while [ $i -lt 2000 ]; do s=$((s + i * i % 7)); i=$((i+1)); done; echo $s',
  ),
  busybox('functions', 'f() { [ $1 -le 1 ] && { echo 1; return; }; echo $(( $1 * $(f $(($1-1))) )); }; f 10'),
  busybox(
    'find',
    'busybox mkdir -p a/b/c a/d; : > a/b/f1; : > a/b/c/f2; busybox find a | busybox sort; busybox find a -name "f*" -type f | busybox sort; busybox rm -r a; busybox ls a',
  ),
  busybox(
    'dd and od',
    'busybox dd if=bin bs=1000 count=3 skip=2 2>/dev/null | busybox od -x | busybox tail -n 3',
  ),
  busybox(
    'vi-less tools',
    'busybox printf "%05d %s %x\\n" 42 abc 255; busybox seq 5 | busybox tac; busybox expr 6 \\* 7; busybox factor 1234567890',
  ),
  busybox('dates', 'TZ=UTC0 busybox date -d @1000000000; busybox cal 2 2024'),
  busybox(
    'bc and dc',
    'echo "scale=30; 1/7; sqrt(2); 2^200" | busybox bc; echo "2 3 + p 10 k 2 v p" | busybox dc',
  ),
  busybox('diff', 'busybox head -n 100 text > p; busybox sed 5d p > q; busybox diff p q; echo $?'),
  busybox(
    'links',
    'busybox ln -s text l; busybox readlink l; busybox wc -c < l; busybox ln text h; busybox stat -c "%h %s %F" h',
  ),
  busybox('here document', 'x=5; busybox cat <<EOF\nvalue $x $((x+1))\nEOF'),
  busybox('xargs', 'busybox seq 20 | busybox xargs -n 6 echo'),
  bash(
    'arrays',
    'a=(one two "three four"); echo ${#a[@]} "${a[2]}" ${a[@]^^}; declare -A m=([k]=v [x]=y); for k in "${!m[@]}"; do echo $k=${m[$k]}; done | sort',
  ),
  bash('arithmetic loop', 'for ((i=0;i<20000;i++)); do ((s+=i*i%7)); done; echo $s'),
  bash(
    'regex and case',
    '[[ "foo123bar" =~ ([a-z]+)([0-9]+) ]] && echo ${BASH_REMATCH[2]}; case abc in a*) echo yes;; esac',
  ),
  bash('process substitution', 'while read x; do echo "got $x"; done < <(printf "%s\\n" 1 2 3); echo $?'),
  bash(
    'strings',
    's=abcdefabc; echo ${s//abc/X} ${s:2:3} ${s#abc} ${s%abc} ${#s}; printf "%q %08.3f %x\\n" "a b" 3.14159 255',
  ),
  bash(
    'subshells and pipes',
    'x=1; (x=2; echo $x); echo $x; echo a b c | { read p q r; echo $r $q $p; }; set -o pipefail; false | true; echo $?',
  ),
  bash(
    'traps and kill',
    'trap "echo int" INT; kill -INT $$; trap "echo exit" EXIT; sleep 5 & sleep 0.3; kill $!; wait $!; echo $?',
  ),
  bash(
    'job wait',
    'for i in 3 1 2; do (sleep 0.0$i; exit $i) & p[$i]=$!; done; for i in 1 2 3; do wait ${p[$i]}; echo $?; done',
  ),
  bash(
    'printf and read',
    'IFS=: read -r a b c <<< "x:y:z"; echo "$c$b$a"; mapfile -t l < <(seq 5); echo "${l[*]}"',
  ),
  bash('exit status', 'exit 42'),
  bash('errors', 'nonexistent-command; echo $?; cd /nonexistent; echo $?; echo "$(</nonexistent)"; echo $?'),
]

/** Of the same with i386's programs, those that say most; the others are `long`. */
const QUICK32 = ['busybox gzip round trip', 'busybox awk', 'bash job wait']

export const CASES32 = CASES.map((one) => ({
  ...one,
  name: `i386 ${one.name}`,
  package: `${one.package}:i386`,
  long: !QUICK32.includes(one.name),
}))

/** And with PowerPC's, beside qemu-user. */
const QUICK_PPC = ['busybox awk', 'bash job wait']

export const CASES_PPC = CASES.map((one) => ({
  ...one,
  name: `ppc64el ${one.name}`,
  package: `${one.package}:ppc64el`,
  under: 'ppc64el',
  long: !QUICK_PPC.includes(one.name),
}))
