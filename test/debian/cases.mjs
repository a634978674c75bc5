// Shell scripts run in the Debian root natively and under umwelt; what they print and their status must be equal.
// `arch`: in that root only. `same` takes out of the output what differs between two native runs, too.

const C_HELLO = String.raw`cat > h.c <<'X'
#include <stdio.h>
int main(int argc, char **argv) { printf("hi %d\n", 6 * 7); return argc + 2; }
X`
const CXX = String.raw`cat > m.cc <<'X'
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
int main() {
  std::map<std::string, int> counts;
  for (auto word : {"a", "b", "a"}) counts[word]++;
  for (auto &[word, n] : counts) std::cout << word << ' ' << n << '\n';
  try { throw std::runtime_error("caught"); } catch (std::exception &e) { std::cout << e.what() << '\n'; }
  int sum = 0;
  std::thread worker([&] { for (int i = 0; i < 1000; i++) sum += i; });
  worker.join();
  std::cout << sum << '\n';
}
X`
const PROJECT = String.raw`mkdir p; cd p
printf '#include "two.h"\n#include <stdio.h>\nint main(void) { printf("%%d\\n", two()); return 0; }\n' > one.c
printf '#include "two.h"\nint two(void) { return 2; }\n' > two.c
printf 'int two(void);\n' > two.h
printf 'prog: one.o two.o\n\t$(CC) -o $@ $^\n%%.o: %%.c two.h\n\t$(CC) -c -O2 -Wall -o $@ $<\n' > Makefile`
const DYNAMIC = String.raw`cat > lib.c <<'X'
#include <stdio.h>
__thread int counter = 5;
static int resolved(void) { return 42; }
int bump(void) { return ++counter; }
int chosen(void) { return resolved(); }
__attribute__((constructor)) static void begin(void) { puts("constructor"); }
__attribute__((destructor)) static void end(void) { puts("destructor"); }
X
cat > main.c <<'X'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
static int (*bump)(void);
static void *thread(void *x) { printf("thread %d\n", bump()); return x; }
int main(int argc, char **argv) {
	void *lib = dlopen(argv[1], RTLD_NOW);
	if (!lib) { puts(dlerror()); return 1; }
	bump = (int (*)(void))dlsym(lib, "bump");
	printf("%d %d\n", bump(), ((int (*)(void))dlsym(lib, "chosen"))());
	pthread_t t; pthread_create(&t, NULL, thread, NULL); pthread_join(t, NULL);
	printf("%d %lu %d %d\n", bump(), getauxval(AT_PAGESZ), getauxval(AT_PHNUM) > 3, getauxval(AT_SECURE) != 0);
	printf("%s\n", dlsym(lib, "missing") ? "?" : "no such symbol");
	return dlclose(lib);
}
X
cat > pre.c <<'X'
#include <stdio.h>
#include <sys/types.h>
uid_t getuid(void) { return 4711; }
X
printf '#!/usr/bin/env -S bash -e\necho script "$0" "$1"\n' > script; chmod +x script
printf '#!./script first\n' > second; chmod +x second`
const python = (text) => `cat > t.py <<'X'\n${text}\nX\npython3 t.py`
const JAVA = `cat > H.java <<'X'
import java.util.*;
import java.util.stream.*;
public class H {
  public static void main(String[] a) throws Exception {
    System.out.println("hi " + IntStream.rangeClosed(1, 100).sum());
    Map<String, Integer> m = new TreeMap<>();
    for (String s : "the cat the dog".split(" ")) m.merge(s, 1, Integer::sum);
    System.out.println(m);
    Thread t = new Thread(() -> System.out.println("thread"));
    t.start();
    t.join();
  }
}
X
javac H.java`
const GIT = `export GIT_AUTHOR_DATE=2000-01-01T00:00:00Z GIT_COMMITTER_DATE=2000-01-01T00:00:00Z
git config --global user.email a@b; git config --global user.name n; git config --global init.defaultBranch main`

export const CASES = [
  {
    name: 'bash',
    script: `bash -c 'a=(1 2 3); echo "\${a[@]:1}" $((6*7)); f() { local x=$1; echo "$x"; }; f y | tac; trap "echo bye" EXIT'`,
  },
  { name: 'dash', script: `dash -c 'for i in 1 2 3; do echo $i; done | (read a; echo $a; cat); exit 7'` },
  {
    name: 'zsh',
    script: `zsh -c 'a=(c b a); print -l \${(o)a}; [[ ab == a* ]] && echo yes; print \${(U)a}'`,
  },
  {
    name: 'coreutils',
    script: `cd /etc; stat -c '%n %s %F %a %u' passwd shells alternatives; id; sort -u passwd | sha256sum; wc passwd
cut -d: -f1 passwd | paste -sd,; tr a-z A-Z < shells; seq 30 | factor | tail -3; date -u -d @0; nl shells | tail -2
od -c shells | head -3; b2sum shells; numfmt --to=iec 123456789; base64 shells | md5sum; join passwd passwd | head -1
printf '%s %d\\n' a 7; comm -12 passwd passwd | wc -l; split -n 2 passwd /tmp/x; ls /tmp; du -b passwd
ln -s a /tmp/l; readlink /tmp/l; realpath /tmp/../etc; touch -d 2001-01-01 /tmp/t; ls -l --time-style=full-iso /tmp/t; test -e /x`,
  },
  {
    name: 'setarch',
    script: `uname -m; for a in i386 i686 linux32 linux64 x86_64 --uname-2.6; do setarch $a uname -m; done; setarch i386 setarch x86_64 uname -m
setarch i386 sh -c 'uname -m; setarch --show; exec setarch -R sh -c "setarch --show; arch"'; setarch armv7l uname -m; setarch i386 -3 -L cat /proc/self/personality`,
  },
  {
    name: 'findutils',
    script: `cd /usr/share; find doc -name 'c*' -type f | sort | head -20; find doc -type f -print0 | xargs -0 cat | wc -c`,
  },
  {
    name: 'grep sed gawk diff',
    script: `cd /etc; grep -rn root passwd group; grep -cP '^\\w+:x' passwd; sed -n '1,3s/root/[&]/gp' passwd
gawk -F: '{ n[$7]++ } END { for (s in n) print n[s], s }' passwd | sort; gawk 'BEGIN { printf "%.6f %s\\n", atan2(0, -1), strftime("%F", 0, 1) }'
diff -u passwd group | tail -n +3 | head -20; cmp passwd group`,
  },
  {
    name: 'tar gzip xz zstd',
    script: `mkdir t; cp /etc/passwd t/p; ln -s p t/l; ln t/p t/h; cd t; touch -d @0 p .; cd ..
for z in z J; do tar c\${z}f a.tar --sort=name --mtime=@0 t; tar tvf a.tar; rm -rf u; mkdir u; tar xf a.tar -C u; ls -l u/t | tail -n +2 | cut -c1-10; done
seq 100000 > s; gzip -9nk s; sha256sum s.gz; xz -k s; sha256sum s.xz; zstd -q s; sha256sum s.zst; for f in gz xz zst; do rm -f s; case $f in gz) gunzip s.gz;; xz) unxz s.xz;; zst) unzstd -q s.zst;; esac; md5sum s; done`,
  },
  {
    name: 'make',
    script: `printf 'a: b\\n\\techo hi > a\\nb:\\n\\techo b > b\\n' > Makefile; make; cat a b; make; make -j4 -B`,
  },
  {
    name: 'perl',
    script: `perl -MPOSIX -MList::Util=sum -MData::Dumper -e '$Data::Dumper::Sortkeys = 1; print sum(1 .. 100), "\\n", strftime("%F", gmtime 0), "\\n"; print Dumper({ a => [1, 2], b => "x" }); print scalar reverse("abc"), "\\n"; print sort { $b <=> $a } 3, 10, 2; print "\\n", \`echo sub\`; printf "%.15g\\n", exp 1'`,
  },
  {
    name: 'python: modules',
    script:
      python(`import sys, json, hashlib, decimal, sqlite3, re, collections, itertools, datetime, struct, zlib, locale, math
print(sys.version_info[:2], json.dumps({"a": [1, None, 2.5]}), hashlib.sha256(b"x").hexdigest())
decimal.getcontext().prec = 50; print(decimal.Decimal(2).sqrt())
db = sqlite3.connect(":memory:"); db.execute("create table t(a, b)"); db.executemany("insert into t values(?, ?)", [(i, i * i) for i in range(100)])
print(db.execute("select sum(a), avg(b) from t").fetchall())
print(re.sub(r"(\\\\w+) (\\\\w+)", r"\\\\2 \\\\1", "a b"), datetime.date(2000, 2, 29).isoformat(), zlib.crc32(b"abc"), struct.pack("<d", math.pi).hex())
print(2 ** 200, 1e300 * 1e10, 0.1 + 0.2, float("nan"), math.gamma(5.5), hash(3.5))`),
  },
  {
    name: 'python: processes and threads',
    script: python(`import subprocess, threading, asyncio, multiprocessing, os, signal, tempfile, time
print(subprocess.run(["sh", "-c", "echo out; echo err >&2; exit 3"], capture_output=True))
found = []
threads = [threading.Thread(target=found.append, args=(i,)) for i in range(8)]
[t.start() for t in threads]; [t.join() for t in threads]; print(sorted(found))
async def main():
    child = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1)
    print(await child.communicate(b"through")); await asyncio.sleep(0.01)
    print(await asyncio.gather(*(asyncio.sleep(0.01, i) for i in range(3))))
asyncio.run(main())
def square(x): return x * x
if __name__ == "__main__":
    with multiprocessing.Pool(2) as pool: print(pool.map(square, range(5)))
    queue = multiprocessing.Queue(); p = multiprocessing.Process(target=queue.put, args=("q",)); p.start(); print(queue.get()); p.join(); print(p.exitcode)
signal.signal(signal.SIGALRM, lambda *a: print("alarm")); signal.setitimer(signal.ITIMER_REAL, 0.05); signal.pause()
print(os.path.exists(tempfile.mkdtemp()))`),
  },
  {
    name: 'lua',
    script: `lua5.4 -e 'print(_VERSION, 2^53, 7 // 2, string.format("%q", "a\\nb")); local t = {3, 1, 2}; table.sort(t); print(table.concat(t, ",")); print(pcall(error, "e"))'`,
  },
  {
    name: 'luajit: code written at run time',
    script: `luajit -e 'local s = 0 for i = 1, 5e6 do s = s + i % 7 end print(s, jit.status()) local ffi = require "ffi" ffi.cdef "int getpid(void);" print(ffi.C.getpid() > 0)'`,
    same: (text) => text.replace(/true\tSSE.*/, 'true'),
  },
  {
    name: 'ruby',
    script: `ruby -e 'puts RUBY_VERSION; p (1..5).map { |x| x * x }, 2**100, "a-b".split("-"); puts \`echo hi\`; t = Thread.new { 40 + 2 }; p t.value; p({ a: 1 }.to_a); begin; raise "x"; rescue => e; p e; end'`,
  },
  {
    name: 'sqlite3',
    script: `sqlite3 db 'create table t(a integer primary key, b text); with recursive c(x) as (select 1 union all select x + 1 from c where x < 1000) insert into t select x, hex(x) from c; create index i on t(b); select count(*), sum(a) from t where b like "3%"; pragma integrity_check;'`,
  },
  {
    name: 'git',
    script: `${GIT}
git init -q g; cd g; echo one > f; mkdir d; echo two > d/e; git add .; git commit -qm first; echo more >> f; git commit -qam second
git log --stat --format='%H %an %s'; git diff HEAD~ ; git branch side; git checkout -q side; echo side > s; git add s; git commit -qm side; git checkout -q main; git merge side -m merge; git log --oneline --graph
cd ..; git clone -q g h; cd h; ls; git fsck --full; git status --short; git gc -q; git count-objects -v | grep -v size; git blame f`,
  },
  {
    name: 'gcc',
    script: `${C_HELLO}\ngcc -O2 -Wall h.c -o h; ./h a; echo $?; gcc -c -g h.c && size h.o | tail -1; objdump -d h.o | head -12; echo 'int main( {' | gcc -xc - ; echo $?`,
  },
  { name: 'g++', script: `${CXX}\ng++ -std=c++17 -O1 m.cc -o m && ./m`, timeoutMs: 600_000 },
  {
    name: 'ld.so of glibc and musl: dlopen, TLS, LD_PRELOAD, scripts, PIE',
    script: `${DYNAMIC}
for cc in musl-gcc gcc; do
  $cc -shared -fPIC lib.c -o lib.so; $cc main.c -o main; ./main ./lib.so; $cc -no-pie main.c -o main; ./main ./lib.so; ./main ./none.so
done
gcc -shared -fPIC pre.c -o pre.so; LD_PRELOAD=./pre.so id -u; LD_PRELOAD=./none.so true
gcc main.c -o main; ldd ./main | sed '/vdso/d; /linux-gate/d; s/ (0x.*//'; LD_BIND_NOW=1 ./main ./lib.so; LD_LIBRARY_PATH=. ./main lib.so
echo 'int main() { return 3; }' > r.c; gcc -static-pie r.c -o r; ./r; echo $?; ./script a; ./second
$(ls /lib64/ld-linux-x86-64.so.2 /lib/ld-linux.so.2 2>/dev/null) ./main ./lib.so`,
  },
  { name: 'make with gcc', script: `${PROJECT}\nmake; ./prog; touch two.c; make -j2; ./prog; make` },
  { name: 'tcc', script: `${C_HELLO}\ntcc -run h.c; echo $?; tcc h.c -o h; ./h; echo $?` },
  {
    name: 'go',
    arch: 'amd64',
    script: `printf 'package main\\nimport "fmt"\\nfunc main() { c := make(chan int); go func() { c <- 42 }(); fmt.Println("hi", <-c) }\\n' > m.go; GO111MODULE=off go build -o m m.go && ./m`,
    timeoutMs: 600_000,
  },
  { name: 'java', arch: 'amd64', script: `${JAVA}\njava -Xint H; java H`, timeoutMs: 600_000 },
  {
    name: 'dpkg',
    script: `mkdir -p p/DEBIAN p/usr/bin; printf 'Package: zz\\nVersion: 1\\nArchitecture: all\\nMaintainer: a <a@b>\\nDescription: x\\n' > p/DEBIAN/control; printf '#!/bin/sh\\necho zz runs\\n' > p/usr/bin/zz; chmod +x p/usr/bin/zz
dpkg-deb --root-owner-group -b p zz.deb; dpkg -i ./zz.deb; zz; dpkg -s zz | head -3; dpkg -L zz; apt-get install -y --reinstall --no-download ./zz.deb > /dev/null 2>&1; dpkg -r zz; apt-cache policy bash | head -2; dpkg -l | wc -l`,
  },
  {
    name: 'adduser, su',
    script: `adduser --disabled-password --gecos '' bob; id bob; ls -ld /home/bob; su bob -c 'id -un; cd; pwd; touch /etc/x'; su - bob -c 'echo $HOME'; deluser bob; getent passwd bob`,
    same: (text) => text.replace(/.*(userdel|crontab).*\n/g, '').replace(/\d\d:\d\d/, 'TIME'),
  },
]
