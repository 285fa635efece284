#include "server/privileges.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace gatepost::server {
namespace {

std::string failure(const std::string& what) {
    return what + ": " + std::strerror(errno);
}

struct Ids {
    uid_t user = 0;
    gid_t group = 0;
    std::string problem;
};

Ids find_ids(const Account& account) {
    Ids ids;
    const passwd* const user = ::getpwnam(account.user.c_str());
    if (user == nullptr) {
        ids.problem = "process.user: there is no user " + account.user;
        return ids;
    }
    ids.user = user->pw_uid;
    ids.group = user->pw_gid;
    if (account.group.empty()) return ids;
    const group* const group = ::getgrnam(account.group.c_str());
    if (group == nullptr)
        ids.problem = "process.group: there is no group " + account.group;
    else
        ids.group = group->gr_gid;
    return ids;
}

// The order matters: without the user's rights there is no more changing of groups.
std::string become(const Account& account, const std::filesystem::path& folder) {
    const Ids ids = find_ids(account);
    if (!ids.problem.empty()) return ids.problem;
    if (::geteuid() == ids.user) return {};
    if (::geteuid() != 0) return "process.user: only root can become " + account.user;
    if (::lchown(folder.c_str(), ids.user, ids.group) != 0) return failure("data_dir " + folder.string());
    if (::initgroups(account.user.c_str(), ids.group) != 0) return failure("process.group");
    if (::setresgid(ids.group, ids.group, ids.group) != 0) return failure("process.group");
    if (::setresuid(ids.user, ids.user, ids.user) != 0) return failure("process.user");
    if (ids.user != 0 && ::setuid(0) == 0) return "process.user: root's rights came back";
    return {};
}

using CapabilitySets = std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3>;

bool has_any(const CapabilitySets& sets) {
    return std::any_of(sets.begin(), sets.end(), [](const __user_cap_data_struct& set) {
        return (set.effective | set.permitted | set.inheritable) != 0;
    });
}

// The system calls, as libc has none. Of this thread alone.
bool get_capabilities(CapabilitySets& sets) {
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    return ::syscall(SYS_capget, &header, sets.data()) == 0;
}

bool set_capabilities(const CapabilitySets& sets) {
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    return ::syscall(SYS_capset, &header, sets.data()) == 0;
}

// Must come before other threads are started. A service manager or container may have taken all of them
// already, and then may forbid capset() as well.
std::string drop_capabilities() {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // kernels without it have none
    CapabilitySets sets{};
    if (get_capabilities(sets) && !has_any(sets)) return {};
    return set_capabilities({}) ? "" : failure("dropping capabilities");
}

// Both: a limit of 0 holds for children too, but not for a kernel that pipes core files to a program
// (core(5)).
void forbid_core_files() {
    const rlimit none{0, 0};
    ::setrlimit(RLIMIT_CORE, &none);
    ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace

std::string drop_privileges(const Account& account, const std::filesystem::path& folder) {
    if (!account.user.empty()) {
        std::string problem = become(account, folder);
        if (!problem.empty()) return problem;
    }
    forbid_core_files();  // a change of user has set it as fs.suid_dumpable wants it (prctl(2))
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("no_new_privs");
    return ::geteuid() == 0 ? "" : drop_capabilities();
}

void use_right_to_bind() {
    constexpr std::uint32_t right = 1U << CAP_NET_BIND_SERVICE;
    CapabilitySets sets{};
    if (!get_capabilities(sets) || (sets[0].permitted & right) == 0) return;
    sets[0].effective |= right;
    set_capabilities(sets);  // where that is forbidden, binding tells
}

void hold_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(descriptor, F_GETFD) != -1) continue;
        const int opened = ::open("/dev/null", descriptor == STDERR_FILENO ? O_WRONLY : O_RDONLY);
        if (opened < 0) std::abort();  // the lowest free number is this one: it cannot be left to a socket
    }
}

void keep_private() {
    ::umask(077);
    forbid_core_files();
}

}  // namespace gatepost::server
