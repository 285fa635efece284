// Which mutant is on: number GATEPOST_MUTANT of the environment, none without it. With
// GATEPOST_MUTANTS_REACHED=FILE each mutant that a program comes by is noted there, once. Compiled into the
// mutated tree alone.
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <string>

namespace mutation {
namespace {

constexpr int most = 100'000;  // local choice: beyond any sample
std::atomic<bool> reached[most];

int number_of(const char* name) {
    const char* value = std::getenv(name);
    return value ? std::atoi(value) : -1;
}

void note(const char* file, int number) {
    if (number >= most || reached[number].exchange(true)) return;
    const std::string line = std::to_string(number) + "\n";
    const int descriptor = ::open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0 || ::write(descriptor, line.data(), line.size()) < 0) std::abort();
    ::close(descriptor);
}

}  // namespace

bool on(int number);
bool on(int number) {
    static const int chosen = number_of("GATEPOST_MUTANT");
    static const char* const file = std::getenv("GATEPOST_MUTANTS_REACHED");
    if (file) note(file, number);
    return number == chosen;
}

}  // namespace mutation
