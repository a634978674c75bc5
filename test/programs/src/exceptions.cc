// Exceptions through many frames, RTTI, virtual calls, destructors on the way.
#include <cstdio>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>
#include <vector>

struct Noisy {
	std::string name;
	explicit Noisy(std::string n) : name(std::move(n)) {}
	~Noisy() { std::printf("~%s\n", name.c_str()); }
};

struct Shape {
	virtual ~Shape() = default;
	virtual double area() const = 0;
};
struct Square : Shape {
	double side;
	explicit Square(double s) : side(s) {}
	double area() const override { return side * side; }
};
struct Circle : Shape {
	double radius;
	explicit Circle(double r) : radius(r) {}
	double area() const override { return 3.14159265 * radius * radius; }
};

static int descend(int depth) {
	Noisy noisy("level " + std::to_string(depth));
	if (depth == 0) throw std::out_of_range("bottom");
	return descend(depth - 1) + 1;
}

int main() {
	try {
		descend(3);
	} catch (const std::logic_error &error) {
		std::printf("caught %s as logic_error\n", error.what());
	}
	try {
		try {
			std::vector<int>().at(5);
		} catch (...) {
			std::throw_with_nested(std::runtime_error("outer"));
		}
	} catch (const std::exception &error) {
		std::printf("%s\n", error.what());
		try {
			std::rethrow_if_nested(error);
		} catch (const std::out_of_range &) {
			std::printf("nested out_of_range\n");
		}
	}
	std::vector<std::unique_ptr<Shape>> shapes;
	for (int i = 1; i < 5; i++)
		if (i % 2) shapes.push_back(std::make_unique<Square>(i));
		else shapes.push_back(std::make_unique<Circle>(i));
	double total = 0;
	for (auto &shape : shapes) total += shape->area() + (dynamic_cast<Square *>(shape.get()) ? 100 : 0);
	std::printf("%.4f\n", total);
	int thrown = 0;
	for (int i = 0; i < 2000; i++) try {
			if (i % 3 == 0) throw i;
		} catch (int n) {
			thrown += n;
		}
	std::printf("%d\n", thrown);
	try {
		Shape *none = nullptr;
		std::printf("%s\n", typeid(*none).name());
	} catch (const std::bad_typeid &) {
		std::printf("bad_typeid\n");
	}
	throw std::runtime_error("nobody catches this");
}
