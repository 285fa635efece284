// Rights that the process needs until it has bound its ports and read its keys, and never again.
#pragma once

#include <filesystem>
#include <string>

namespace gatepost::server {

// Whose rights the process has from then on.
struct Account {
    std::string user;   // empty: stay who we are
    std::string group;  // empty: the user's own
};

// Becomes `account` with its groups, gives up all capabilities and the way to new ones (no_new_privs), for
// all threads. `folder` is made that account's before, so that it can be written afterwards. A process that
// is that account already only gives up what it has; one that stays root keeps root's capabilities. The
// problem, or empty; after a problem the process must not go on.
std::string drop_privileges(const Account& account, const std::filesystem::path& folder);

// Makes the right to bind ports below 1024 effective, where the program's file brings it as merely permitted
// (`setcap cap_net_bind_service=p`, as in the container image): so marked, the program also starts where that
// right has been taken away. drop_privileges() gives it up.
void use_right_to_bind();

// What the process writes from now on is for its user alone (umask), and what it holds in memory, private
// keys and mail, is never written as a core file, nor read by another process of that user. To be called at
// start; drop_privileges() repeats what a change of user undoes.
void keep_private();

// Opens /dev/null where standard input, output or error is closed. Else the next socket or file gets that
// number, and what is logged goes into it: into a message, or to the downstream server as commands. To be
// called before anything is opened. Writing to a standard output that was closed stays an error.
void hold_standard_descriptors();

}  // namespace gatepost::server
