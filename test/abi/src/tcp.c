/* TCP over lo: how connections come about, carry bytes and end. */
#include "inet.h"

static void create(void)
{
	int types[] = {SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_SEQPACKET, SOCK_RDM, 7, 11};
	int protocols[] = {0, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_ICMP, 255, 256, 300, -1};
	int v[2];
	for (int t = 0; t < 7; t++)
		for (int p = 0; p < 8; p++) {
			if (types[t] == SOCK_RAW && p) continue;
			int fd = socket(AF_INET, types[t], protocols[p]);
			printf("%d %d: %s\n", types[t], protocols[p], fd < 0 ? errno_name(errno) : "ok");
			if (fd >= 0) close(fd);
		}
	AS_USER(SHOW(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); SHOW(socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP));
	        SHOW(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6)););
	SHOW(socketpair(AF_INET, SOCK_STREAM, 0, v));
	SHOW(socketpair(AF_INET, SOCK_SEQPACKET, 0, v));
	SHOW(socketpair(AF_INET6, SOCK_DGRAM, 0, v));
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	SHOW(fcntl(fd, F_GETFL));
	SHOW(fcntl(fd, F_GETFD));
}
static void binding(void)
{
	int fd = tcp();
	struct sockaddr_in a = in4("127.0.0.1", 5000);
	show_inet_names(fd);
	SHOW(bind(fd, (void *)&a, 15));
	SHOW(bind(fd, (void *)&a, 2));
	SHOW(bind(fd, (void *)&a, 0));
	SHOW(bind(fd, (void *)&a, 200));
	SHOW(bind(fd, (void *)8, 16));
	a.sin_family = AF_INET6;
	SHOW(bind(fd, (void *)&a, sizeof a));
	a.sin_family = AF_UNSPEC;
	SHOW(bind(fd, (void *)&a, sizeof a));
	SHOW(bind_to(fd, "192.0.2.1", 5000));
	SHOW(bind_to(fd, "8.8.8.8", 0));
	SHOW(bind_to(fd, "127.0.0.1", 5000));
	show_inet_names(fd);
	SHOW(bind_to(fd, "127.0.0.1", 5001));
	int other = tcp();
	SHOW(bind_to(other, "127.0.0.1", 5000));
	SHOW(bind_to(other, "0.0.0.0", 5000));
	SHOW(bind_to(other, "127.0.0.2", 5000));
	show_inet_names(other);
	int any = tcp();
	SHOW(bind_to(any, "0.0.0.0", 0));
	show_inet_names(any);
	int zero = tcp();
	a = in4("0.0.0.0", 5005);
	a.sin_family = AF_UNSPEC;
	SHOW(bind(zero, (void *)&a, sizeof a));
	show_inet_names(zero);
	SHOW(bind_to(tcp(), "127.255.255.255", 5006));
	SHOW(bind_to(tcp(), "224.0.0.1", 5007));
	SHOW(bind_to(tcp(), "127.1.2.3", 5008));
	AS_USER(SHOW(bind_to(tcp(), "127.0.0.1", 80)); SHOW(bind_to(tcp(), "127.0.0.1", 1023));
	        SHOW(bind_to(tcp(), "127.0.0.1", 1024)););
	SHOW(bind_to(tcp(), "127.0.0.1", 80));
	SHOW(bind(plain(), (void *)&a, sizeof a));
	struct sockaddr_in b;
	socklen_t n = 6;
	memset(&b, 0, sizeof b);
	SHOW(getsockname(fd, (void *)&b, &n));
	printf("%u %d %d %d\n", n, b.sin_family, ntohs(b.sin_port), b.sin_addr.s_addr == 0);
}
static int may_bind(const char *ip, int port, int options)
{
	int fd = tcp();
	if (options & 1) on(fd, SO_REUSEADDR);
	if (options & 2) on(fd, SO_REUSEPORT);
	int result = SHOW(bind_to(fd, ip, port));
	if (result) close(fd), fd = -1;
	return fd;
}
static void reusing(void)
{
	may_bind("127.0.0.1", 5000, 1);
	int a = may_bind("127.0.0.1", 5000, 1);
	may_bind("127.0.0.1", 5000, 0);
	may_bind("127.0.0.1", 5000, 2);
	SHOW(listen(a, 1));
	may_bind("127.0.0.1", 5000, 1);
	may_bind("0.0.0.0", 5000, 1);
	int b = may_bind("127.0.0.2", 5000, 1);
	SHOW(listen(b, 1));
	int c = may_bind("0.0.0.0", 5001, 1), d = may_bind("127.0.0.1", 5001, 1);
	SHOW(listen(c, 1));
	SHOW(listen(d, 1));
	int e = may_bind("0.0.0.0", 5002, 2), f = may_bind("0.0.0.0", 5002, 3);
	SHOW(listen(e, 1));
	SHOW(listen(f, 1));
	may_bind("127.0.0.1", 5002, 2);
	may_bind("127.0.0.1", 5002, 1);
	fflush(stdout);
	AS_USER(may_bind("0.0.0.0", 5002, 2););
}
static void after_close(void)
{
	int l = tcp(), c = tcp();
	bind_to(l, "127.0.0.1", 5000);
	listen(l, 5);
	connect_to(c, "127.0.0.1", 5000);
	int s = accept(l, NULL, NULL);
	close(l);
	SHOW(may_bind("127.0.0.1", 5000, 0));
	SHOW(may_bind("127.0.0.1", 5000, 1));
	close(s);
	SHOW(may_bind("127.0.0.1", 5000, 0));
	close(c);
	settle();
	SHOW(may_bind("127.0.0.1", 5000, 0));
	SHOW(may_bind("127.0.0.1", 5000, 1));
	l = listener(AF_INET, "127.0.0.1", 5100, 5);
	c = tcp();
	connect_to(c, "127.0.0.1", 5100);
	s = accept(l, NULL, NULL);
	close(s);
	close(c);
	close(l);
	settle();
	SHOW(may_bind("127.0.0.1", 5100, 0));
	SHOW(may_bind("127.0.0.1", 5100, 1) > 0);
	/* The client closes first: the server's port is free. */
	l = tcp();
	bind_to(l, "127.0.0.1", 5200);
	listen(l, 5);
	c = tcp();
	connect_to(c, "127.0.0.1", 5200);
	s = accept(l, NULL, NULL);
	close(c);
	settle();
	close(s);
	close(l);
	settle();
	SHOW(may_bind("127.0.0.1", 5200, 0) > 0);
}
static void connecting(void)
{
	int c = tcp(), l = tcp();
	ready(c);
	ready(l);
	SHOW(connect_to(c, "127.0.0.1", 6000));
	ready(c);
	show_inet_names(c);
	SHOW(option(c, SO_ERROR));
	struct sockaddr_in a = in4("127.0.0.1", 6000), b;
	SHOW(connect(c, (void *)&a, 15));
	SHOW(connect(c, (void *)&a, 1));
	a.sin_family = AF_INET6;
	SHOW(connect(c, (void *)&a, sizeof a));
	SHOW(connect_to(c, "192.0.2.1", 80));
	SHOW(connect_to(c, "255.255.255.255", 80));
	SHOW(connect_to(c, "127.255.255.255", 80));
	SHOW(connect_to(c, "224.0.0.1", 80));
	SHOW(bind_to(l, "0.0.0.0", 6000));
	SHOW(accept(l, NULL, NULL));
	SHOW(option(l, SO_ACCEPTCONN));
	SHOW(listen(l, 5));
	SHOW(listen(l, 3));
	ready(l);
	SHOW(option(l, SO_ACCEPTCONN));
	SHOW(connect_to(l, "127.0.0.1", 6000));
	SHOW(bind_to(l, "0.0.0.0", 6001));
	SHOW(connect_to(c, "127.0.0.1", 6000));
	show_inet_names(c);
	ready(c);
	ready(l);
	socklen_t n = sizeof b;
	int s = accept4(l, (void *)&b, &n, SOCK_CLOEXEC | SOCK_NONBLOCK);
	show_inet("accepted", &b, n);
	SHOW(fcntl(s, F_GETFD));
	SHOW(fcntl(s, F_GETFL));
	show_inet_names(s);
	SHOW(connect_to(c, "127.0.0.1", 6000));
	SHOW(connect_to(s, "127.0.0.1", 6000));
	SHOW(listen(c, 1));
	SHOW(listen(s, 1));
	SHOW(bind_to(c, "127.0.0.1", 6002));
	SHOW(accept(s, NULL, NULL));
	fcntl(l, F_SETFL, O_NONBLOCK);
	SHOW(accept(l, NULL, NULL));
	int d = tcp();
	SHOW(connect_to(d, "0.0.0.0", 6000));
	show_inet_names(d);
	int e = tcp();
	bind_to(e, "127.0.0.5", 6003);
	SHOW(connect_to(e, "127.0.0.9", 6000));
	show_inet_names(e);
	int f = tcp();
	on(f, SO_REUSEADDR);
	SHOW(listen(f, 1));
	show_inet_names(f);
	SHOW(send(l, "x", 1, MSG_NOSIGNAL));
	SHOW(recv(l, buffer, 1, 0));
	int g = tcp();
	SHOW(send(g, "x", 1, MSG_NOSIGNAL));
	SHOW(recv(g, buffer, 1, 0));
	SHOW(shutdown(g, SHUT_RDWR));
	ready(g);
	SHOW(accept(plain(), NULL, NULL));
}
static void non_blocking(void)
{
	int c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), l = listener(AF_INET, "127.0.0.1", 6000, 5);
	SHOW(connect_to(c, "127.0.0.1", 6000));
	ready(c);
	SHOW(option(c, SO_ERROR));
	SHOW(connect_to(c, "127.0.0.1", 6000));
	SHOW(connect_to(c, "127.0.0.1", 6000));
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(c, "127.0.0.1", 6001));
	ready(c);
	SHOW(option(c, SO_ERROR));
	SHOW(option(c, SO_ERROR));
	ready(c);
	SHOW(connect_to(c, "127.0.0.1", 6001));
	SHOW(connect_to(c, "127.0.0.1", 6000));
	SHOW(connect_to(c, "127.0.0.1", 6000));
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(c, "127.0.0.1", 6001));
	SHOW(connect_to(c, "127.0.0.1", 6001));
	SHOW(connect_to(c, "127.0.0.1", 6001));
	SHOW(recv(c, buffer, 1, 0));
	SHOW(recv(c, buffer, 1, 0));
	SHOW(send(c, "x", 1, MSG_NOSIGNAL));
	c = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(c, "127.0.0.1", 6000));
	SHOW(recv(c, buffer, 1, 0));
	SHOW(send(c, "early", 5, 0));
	int i;
	for (i = 0; i < 2; i++) close(accept(l, NULL, NULL));
	int s = accept(l, NULL, NULL);
	take(s, 10, 0);
}
static void backlog(void)
{
	int l = listener(AF_INET, "127.0.0.1", 6000, 1), c[4];
	for (int i = 0; i < 2; i++) {
		c[i] = tcp();
		SHOW(connect_to(c[i], "127.0.0.1", 6000));
	}
	/* There is no room for a third. */
	c[2] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(c[2], "127.0.0.1", 6000));
	ready(c[2]);
	SHOW(connect_to(c[2], "127.0.0.1", 6000));
	SHOW(send(c[2], "x", 1, 0));
	SHOW(recv(c[2], buffer, 1, 0));
	struct sockaddr_in a;
	socklen_t n = sizeof a;
	SHOW(getpeername(c[2], (void *)&a, &n));
	c[3] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	SHOW(connect_to(c[3], "127.0.0.1", 6000));
	SHOW(shutdown(c[3], SHUT_WR));
	ready(c[3]);
	SHOW(option(c[3], SO_ERROR));
	show_inet_names(c[3]);
	for (int i = 0; i < 3; i++) close(accept(l, NULL, NULL));
	struct pollfd p = {.fd = c[2], .events = POLLOUT};
	SHOW(poll(&p, 1, 5000));
	SHOW(option(c[2], SO_ERROR));
	SHOW(connect_to(c[2], "127.0.0.1", 6000));
}
static void transfer(void)
{
	int b, a = tcp_pair(&b), n = -1;
	ready(a);
	SHOW(write(a, "hello", 5));
	SHOW(send(a, "world", 5, MSG_MORE));
	SHOW(send(a, "!", 1, 0));
	settle();
	ready(b);
	take(b, 3, MSG_PEEK);
	take(b, 7, MSG_PEEK);
	take(b, 7, 0);
	SHOW(ioctl(b, FIONREAD, &n));
	printf("%d\n", n);
	take(b, 50, MSG_TRUNC);
	take(b, 50, MSG_DONTWAIT);
	SHOW(send(a, "", 0, 0));
	take(b, 50, MSG_DONTWAIT);
	SHOW(write(a, "x", 0));
	SHOW(read(b, buffer, 0));
	struct sockaddr_in to = in4("127.0.0.1", 9);
	SHOW(sendto(a, "named", 5, 0, (void *)&to, sizeof to));
	struct sockaddr_in from = {0};
	socklen_t length = sizeof from;
	SHOW(recvfrom(b, buffer, 50, 0, (void *)&from, &length));
	printf("length %u\n", length);
	SHOW(ioctl(a, TIOCOUTQ, &n));
	printf("%d\n", n);
	SHOW(ioctl(b, FIONREAD, 8));
	struct iovec out[3] = {{"ab", 2}, {"", 0}, {"cde", 3}}, in[2] = {{buffer, 2}, {buffer + 10, 100}};
	SHOW(writev(a, out, 3));
	SHOW(readv(b, in, 2));
	SHOW(send(a, (void *)8, 5, 0));
	SHOW(recv(b, (void *)8, 5, MSG_DONTWAIT));
	write(a, "kept", 4);
	SHOW(recv(b, (void *)8, 5, 0));
	take(b, 50, 0);
	SHOW(lseek(a, 0, SEEK_SET));
	SHOW(ioctl(a, 0x5413, &n));
	SHOW(recv(b, buffer, 5, MSG_OOB));
	SHOW(recv(b, buffer, 5, MSG_ERRQUEUE));
	write(a, "xyz", 3);
	struct msghdr m = {.msg_iov = in, .msg_iovlen = 1, .msg_name = &from, .msg_namelen = sizeof from};
	SHOW(recvmsg(b, &m, 0));
	printf("name %u flags %#x\n", m.msg_namelen, m.msg_flags);
}
static void much(void)
{
	int b, a = tcp_pair(&b);
	fcntl(a, F_SETFL, O_NONBLOCK);
	long total = 0, n, got = 0;
	for (int i = 0; i < (int)sizeof buffer; i++) buffer[i] = i * 7;
	while ((n = write(a, buffer, 100000)) > 0) total += n;
	printf("%s, much %d\n", errno_name(errno), total > 100000);
	fcntl(a, F_SETFL, 0);
	fflush(stdout);
	if (!fork()) {
		close(b);
		for (int i = 0; i < 20; i++) write(a, buffer, sizeof buffer);
		_exit(0);
	}
	close(a);
	static char in[200000];
	while ((n = read(b, in, sizeof in)) > 0) got += n;
	printf("all %d end %ld\n", got - total == 20 * sizeof buffer, n);
	wait(NULL);
}
static void wait_all(void)
{
	int b, a = tcp_pair(&b);
	if (!fork()) {
		for (int i = 0; i < 3; i++) {
			usleep(10000);
			write(a, "abc", 3);
		}
		_exit(0);
	}
	take(b, 7, MSG_WAITALL);
	wait(NULL);
	take(b, 10, 0);
	write(a, "xy", 2);
	settle();
	take(b, 7, MSG_WAITALL | MSG_DONTWAIT);
	write(a, "xy", 2);
	int low = 3;
	SHOW(setsockopt(b, SOL_SOCKET, SO_RCVLOWAT, &low, 4));
	settle();
	ready(b);
	write(a, "z", 1);
	settle();
	ready(b);
	take(b, 10, 0);
	write(a, "end", 3);
	close(a);
	take(b, 7, MSG_WAITALL);
	take(b, 7, MSG_WAITALL);
}
static void closing(void)
{
	int b, a = tcp_pair(&b);
	write(a, "rest", 4);
	close(a);
	settle();
	ready(b);
	take(b, 2, 0);
	take(b, 10, 0);
	take(b, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	settle();
	ready(b);
	take(b, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	struct sockaddr_in n;
	socklen_t length = sizeof n;
	SHOW(getpeername(b, (void *)&n, &length));
	SHOW(shutdown(b, SHUT_WR));
	a = tcp_pair(&b);
	write(b, "unread", 6);
	write(a, "data", 4);
	settle();
	close(a);
	settle();
	ready(b);
	take(b, 10, 0);
	take(b, 10, 0);
	take(b, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	a = tcp_pair(&b);
	write(b, "unread", 6);
	settle();
	close(a);
	settle();
	SHOW(option(b, SO_ERROR));
	take(b, 10, 0);
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	a = tcp_pair(&b);
	write(b, "unread", 6);
	settle();
	close(a);
	settle();
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	SHOW(send(b, "x", 1, MSG_NOSIGNAL));
	take(b, 10, 0);
	SHOW(connect_to(b, "127.0.0.1", 7000));
}
static void linger(void)
{
	int b, a = tcp_pair(&b);
	struct linger l = {1, 0};
	SHOW(setsockopt(a, SOL_SOCKET, SO_LINGER, &l, sizeof l));
	write(a, "lost", 4);
	settle();
	close(a);
	settle();
	ready(b);
	take(b, 10, 0);
	take(b, 10, 0);
	a = tcp_pair(&b);
	l.l_linger = 2;
	setsockopt(a, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	write(a, "kept", 4);
	SHOW(close(a));
	take(b, 10, 0);
	take(b, 10, 0);
	a = tcp_pair(&b);
	close(b);
	settle();
	l.l_linger = 0;
	setsockopt(a, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	SHOW(close(a));
}
static void shutdowns(void)
{
	int b, a = tcp_pair(&b);
	SHOW(shutdown(a, 3));
	SHOW(shutdown(a, -1));
	write(a, "last", 4);
	SHOW(shutdown(a, SHUT_WR));
	settle();
	ready(a);
	ready(b);
	take(b, 10, 0);
	take(b, 10, 0);
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	SHOW(send(b, "back", 4, 0));
	take(a, 10, 0);
	SHOW(shutdown(b, SHUT_WR));
	settle();
	ready(a);
	ready(b);
	take(a, 10, 0);
	show_inet_names(b);
	SHOW(shutdown(a, SHUT_RDWR));
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	a = tcp_pair(&b);
	write(b, "kept", 4);
	settle();
	SHOW(shutdown(a, SHUT_RD));
	ready(a);
	take(a, 10, 0);
	take(a, 10, 0);
	SHOW(send(b, "more", 4, MSG_NOSIGNAL));
	settle();
	take(a, 10, 0);
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	take(b, 10, 0);
	SHOW(shutdown(a, SHUT_RDWR));
	settle();
	ready(a);
	ready(b);
	int l = listener(AF_INET, "127.0.0.1", 6000, 2), c = tcp(), d = tcp();
	connect_to(c, "127.0.0.1", 6000);
	SHOW(shutdown(l, SHUT_WR));
	SHOW(connect_to(d, "127.0.0.1", 6000));
	SHOW(shutdown(l, SHUT_RD));
	SHOW(accept(l, NULL, NULL));
	settle();
	take(c, 10, 0);
	SHOW(connect_to(tcp(), "127.0.0.1", 6000));
	SHOW(listen(l, 2));
	SHOW(connect_to(tcp(), "127.0.0.1", 6000));
}
static void listener_closes(void)
{
	int l = listener(AF_INET, "127.0.0.1", 6000, 2), c = tcp(), s;
	connect_to(c, "127.0.0.1", 6000);
	close(l);
	settle();
	ready(c);
	take(c, 10, 0);
	take(c, 10, 0);
	l = listener(AF_INET, "127.0.0.1", 6001, 2);
	c = tcp();
	connect_to(c, "127.0.0.1", 6001);
	write(c, "gone", 4);
	close(c);
	settle();
	s = accept(l, NULL, NULL);
	take(s, 10, 0);
	take(s, 10, 0);
	c = tcp();
	connect_to(c, "127.0.0.1", 6001);
	struct linger now = {1, 0};
	setsockopt(c, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	close(c);
	settle();
	ready(l);
	struct sockaddr_in from;
	socklen_t n = sizeof from;
	s = accept(l, (void *)&from, &n);
	SHOW(s >= 0);
	show_inet("from", &from, n);
	take(s, 10, 0);
	c = tcp();
	connect_to(c, "127.0.0.1", 6001);
	s = accept(l, NULL, NULL);
	close(l);
	write(c, "still", 5);
	take(s, 10, 0);
}
static void on_pipe(int signo) { printf("signal %d\n", signo); fflush(stdout); }
static void sigpipe(void)
{
	int b, a = tcp_pair(&b);
	signal(SIGPIPE, on_pipe);
	SHOW(send(tcp(), "x", 1, 0));
	shutdown(a, SHUT_WR);
	SHOW(write(a, "x", 1));
	SHOW(send(a, "x", 1, MSG_NOSIGNAL));
	a = tcp_pair(&b);
	close(b);
	settle();
	SHOW(write(a, "x", 1));
	settle();
	SHOW(write(a, "x", 1));
	SHOW(write(a, "x", 1));
}
static void unconnect(void)
{
	int b, a = tcp_pair(&b);
	struct sockaddr none = {.sa_family = AF_UNSPEC};
	SHOW(connect(a, &none, sizeof none));
	settle();
	SHOW(option(a, SO_ERROR));
	show_inet_names(a);
	take(b, 10, 0);
	SHOW(connect_to(a, "127.0.0.1", 7000));
	int c = tcp();
	SHOW(connect(c, &none, sizeof none));
	SHOW(option(c, SO_ERROR));
	bind_to(c, "127.0.0.1", 6500);
	SHOW(connect_to(c, "127.0.0.1", 7000));
	SHOW(connect(c, &none, 2));
	show_inet_names(c);
	int l = listener(AF_INET, "127.0.0.1", 6600, 2);
	SHOW(connect(l, &none, sizeof none));
	SHOW(accept(l, NULL, NULL));
	show_inet_names(l);
	int d = tcp(), e = tcp();
	on(d, SO_REUSEADDR);
	on(e, SO_REUSEADDR);
	bind_to(d, "127.0.0.1", 6700);
	bind_to(e, "127.0.0.1", 6700);
	SHOW(connect_to(d, "127.0.0.1", 7000));
	SHOW(connect_to(e, "127.0.0.1", 7000));
}
static void urgent(void)
{
	int b, a = tcp_pair(&b), mark = -1;
	SHOW(recv(b, buffer, 1, MSG_OOB));
	SHOW(send(a, "abc", 3, 0));
	SHOW(send(a, "de!", 3, MSG_OOB));
	SHOW(send(a, "fg", 2, 0));
	settle();
	ready(b);
	ioctl(b, SIOCATMARK, &mark);
	printf("mark %d\n", mark);
	int n;
	ioctl(b, FIONREAD, &n);
	printf("to read %d\n", n);
	take(b, 10, MSG_OOB | MSG_PEEK);
	take(b, 10, 0);
	ioctl(b, SIOCATMARK, &mark);
	printf("mark %d\n", mark);
	take(b, 10, MSG_OOB);
	take(b, 10, MSG_OOB);
	ready(b);
	take(b, 10, 0);
	ioctl(b, SIOCATMARK, &mark);
	printf("mark %d\n", mark);
	a = tcp_pair(&b);
	on(b, SO_OOBINLINE);
	send(a, "12", 2, 0);
	send(a, "3", 1, MSG_OOB);
	send(a, "45", 2, 0);
	settle();
	take(b, 10, MSG_OOB);
	take(b, 10, 0);
	ioctl(b, SIOCATMARK, &mark);
	printf("mark %d\n", mark);
	take(b, 10, 0);
	take(b, 10, MSG_DONTWAIT);
	a = tcp_pair(&b);
	send(a, "x", 1, MSG_OOB);
	send(a, "yz", 2, 0);
	settle();
	take(b, 10, 0);
	take(b, 10, MSG_OOB);
}
PROBES(
    {"create", create}, {"binding", binding}, {"reusing", reusing}, {"after-close", after_close},
    {"connecting", connecting}, {"non-blocking", non_blocking}, {"backlog", backlog}, {"transfer", transfer},
    {"much", much}, {"wait-all", wait_all}, {"closing", closing}, {"linger", linger}, {"shutdowns", shutdowns},
    {"listener-closes", listener_closes}, {"sigpipe", sigpipe}, {"unconnect", unconnect}, {"urgent", urgent})
