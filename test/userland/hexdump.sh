# hexdump -C.
printf 'hello world\n' | hexdump -C; seq 20 | hexdump -C; printf '' | hexdump -C; head -c 100 /dev/zero | hexdump -C; printf '\001\177\200\377 A' | hexdump -C; head -c 48 /dev/zero > z; hexdump -C z; hexdump -v -C z; printf abcdefgh > a; hexdump -C -n 3 a; hexdump -C -s 2 a; hexdump -C a z; hexdump -C nofile 2>/dev/null; [ $? != 0 ]; echo $?; printf '0123456789abcdef' | hexdump -C
