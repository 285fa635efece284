// What passes between the process and whoever started it: sockets, and words about its state.
#include "tests/support/temporary_folder.hpp"

#include "server/listening_sockets.hpp"
#include "server/service_manager.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <string>

namespace gatepost::server {
namespace {

const auto loopback = dns::IpAddress::v4({127, 0, 0, 1});

std::uint16_t port_of(const ListeningSocket& socket) {
    sockaddr_in bound{};
    socklen_t length = sizeof bound;
    ::getsockname(socket.descriptor(), reinterpret_cast<sockaddr*>(&bound), &length);
    return ntohs(bound.sin_port);
}

TEST(ListeningSockets, BindsAndSaysThatAnAddressIsTaken) {
    ListeningSockets sockets;
    std::error_code error;
    const ListeningSocket first = sockets.open(loopback, 0, error);
    ASSERT_FALSE(error);
    EXPECT_NE(::fcntl(first.descriptor(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(::fcntl(first.descriptor(), F_GETFD) & FD_CLOEXEC, 0);
    const ListeningSocket second = sockets.open(loopback, port_of(first), error);
    EXPECT_EQ(error, std::errc::address_in_use);
    EXPECT_LT(second.descriptor(), 0);
    EXPECT_TRUE(sockets.unclaimed().empty());
}

// In a child: descriptors from 3 on are the test's own there.
int child_status(void (*body)()) {
    const pid_t child = ::fork();
    if (child == 0) {
        body();
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

TEST(ListeningSockets, TakesWhatWasHandedOver) {
    const auto body = [] {
        std::error_code error;
        int own = -1;
        {
            ListeningSocket bound = ListeningSockets().open(loopback, 0, error);
            own = ::fcntl(bound.descriptor(), F_DUPFD, 100);
        }
        ::dup2(own, 3);
        ::dup2(STDIN_FILENO, 4);  // a mistake of whoever wrote the unit
        ::setenv("LISTEN_PID", std::to_string(::getpid()).c_str(), 1);
        ::setenv("LISTEN_FDS", "2", 1);
        ListeningSockets sockets;
        EXPECT_EQ(std::getenv("LISTEN_FDS"), nullptr) << "children must not take them too";
        EXPECT_EQ(sockets.unclaimed().size(), 2U);
        const ListeningSocket taken = sockets.open(loopback, port_of(ListeningSocket(own)), error);
        EXPECT_EQ(taken.descriptor(), 3);
        ASSERT_EQ(sockets.unclaimed().size(), 1U);
        EXPECT_EQ(sockets.unclaimed().front(), "descriptor 4, which does not listen to TCP");
    };
    EXPECT_EQ(child_status(body), 0);
}

TEST(ListeningSockets, LeavesWhatIsForAnotherProcess) {
    ::setenv("LISTEN_PID", "1", 1);
    ::setenv("LISTEN_FDS", "1", 1);
    EXPECT_TRUE(ListeningSockets().unclaimed().empty());
    ::setenv("LISTEN_PID", "not a number", 1);
    EXPECT_TRUE(ListeningSockets().unclaimed().empty());
}

class Manager {
  public:
    explicit Manager(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
    }
    ~Manager() { ::close(socket_); }

    std::string heard() {
        std::array<char, 200> buffer{};
        const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
        return size < 0 ? "" : std::string(buffer.data(), static_cast<std::size_t>(size));
    }

  private:
    int socket_;
};

TEST(ServiceManager, IsToldOfEachState) {
    const tests::TemporaryFolder folder;
    Manager manager((folder.path() / "notify").string());
    const ServiceManager told;
    EXPECT_EQ(std::getenv("NOTIFY_SOCKET"), nullptr);
    told.tell_ready("serving mx1.example.com");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=serving mx1.example.com");
    told.tell_ready("a\nMAINPID=1");
    EXPECT_EQ(manager.heard(), "READY=1\nSTATUS=a MAINPID=1") << "words of a file are one line";
    told.tell_reloading();
    EXPECT_EQ(manager.heard().substr(0, 27), "RELOADING=1\nMONOTONIC_USEC=");
    told.tell_stopping();
    EXPECT_EQ(manager.heard(), "STOPPING=1");
}

TEST(ServiceManager, IsNotMissed) {
    ServiceManager().tell_ready("");
    ::setenv("NOTIFY_SOCKET", "/nowhere/there", 1);
    ServiceManager().tell_ready("");
    ::setenv("NOTIFY_SOCKET", std::string(500, 'x').c_str(), 1);
    ServiceManager().tell_ready("");
}

}  // namespace
}  // namespace gatepost::server
