// The word of a command line that its command does not know, with the one that was probably meant.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace gatepost::server::cli {

// What is wrong with the first word that is no subcommand, no option and no argument of `program`, as a
// message for people; empty where every word has its place. `words` stand behind the program's name.
std::string find_wrong_word(const CLI::App& program, const std::vector<std::string>& words);

// The help of the subcommand that `names` lead to, none: of the program. Empty, with `problem` set, where
// there is no such subcommand.
std::string help_of(const CLI::App& program, const std::vector<std::string>& names, std::string& problem);

}  // namespace gatepost::server::cli
