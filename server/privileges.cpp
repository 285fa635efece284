#include "server/privileges.hpp"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
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

// By the system call, as libc has none; of this thread, so it must come before the others are started.
std::string drop_capabilities() {
    ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);  // kernels without it have none
    __user_cap_header_struct header{};
    header.version = _LINUX_CAPABILITY_VERSION_3;
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> none{};
    if (::syscall(SYS_capset, &header, none.data()) != 0) return failure("dropping capabilities");
    return {};
}

}  // namespace

std::string drop_privileges(const Account& account, const std::filesystem::path& folder) {
    if (!account.user.empty()) {
        std::string problem = become(account, folder);
        if (!problem.empty()) return problem;
    }
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failure("no_new_privs");
    return ::geteuid() == 0 ? "" : drop_capabilities();
}

}  // namespace gatepost::server
