#include <iostream>

int main() {
    std::cout << "gatepost\n";
    return 0;
}
