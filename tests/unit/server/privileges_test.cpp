// What the process makes sure of before it opens anything.
#include "server/privileges.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace gatepost::server {
namespace {

// With standard error closed the log went into the socket or the file that got its number: to a downstream
// server as commands, and into a message.
TEST(StandardDescriptors, AreHeldWhereTheyAreClosed) {
    const pid_t child = ::fork();
    if (child == 0) {
        for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
            ::close(descriptor);
        hold_standard_descriptors();
        const bool held = ::open("/dev/null", O_RDONLY) > STDERR_FILENO;
        const bool silent = ::write(STDERR_FILENO, "x", 1) == 1;
        const bool told = ::write(STDOUT_FILENO, "x", 1) == -1;
        ::_exit(held && silent && told ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace gatepost::server
