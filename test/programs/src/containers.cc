// iostream, containers, algorithms, long double and locales of the C++ library.
#include <algorithm>
#include <complex>
#include <functional>
#include <iomanip>
#include <iostream>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <unordered_map>
#include <vector>

int main() {
	std::map<std::string, int> counts;
	std::unordered_map<int, std::string> names;
	std::string word;
	std::istringstream text("one two three two three three");
	while (text >> word) ++counts[word];
	for (const auto &[key, count] : counts) std::cout << key << '=' << count << ' ';
	std::cout << '\n';

	std::mt19937_64 random(42);
	std::vector<unsigned long> numbers(20000);
	for (auto &n : numbers) n = random() % 1000000;
	std::sort(numbers.begin(), numbers.end());
	std::cout << numbers.front() << ' ' << numbers[10000] << ' ' << numbers.back() << ' '
	          << std::accumulate(numbers.begin(), numbers.end(), 0ul) << '\n';
	numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
	std::cout << numbers.size() << ' ' << std::binary_search(numbers.begin(), numbers.end(), 12345ul) << '\n';

	for (int i = 0; i < 1000; i++) names[i * 7919] = std::to_string(i);
	std::cout << names.at(7919 * 500) << ' ' << names.count(3) << '\n';

	long double third = 1.0L / 3;
	std::cout << std::setprecision(20) << third << ' ' << std::scientific << third * 1e-4000L << '\n';
	std::cout << std::fixed << std::setprecision(3) << std::setw(12) << std::setfill('*') << 3.14159 << ' ' << std::hex
	          << std::showbase << 255 << std::dec << ' ' << std::boolalpha << true << '\n';
	std::complex<double> z(1, 2);
	std::cout << z * z << ' ' << std::abs(z) << '\n';

	std::function<long(int)> fibonacci = [&](int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); };
	std::cout << fibonacci(20) << '\n';
	std::set<std::pair<int, std::string>> ordered{{3, "c"}, {1, "a"}, {2, "b"}};
	for (auto &[n, s] : ordered) std::cout << n << s;
	std::string line;
	while (std::getline(std::cin, line)) std::cout << " [" << line << ']';
	std::cout << std::endl;
	double value;
	std::istringstream("2.5e3 x") >> value;
	std::cout << value << '\n';
	return std::cout ? 0 : 1;
}
