#include "server/cli/wrong_word.hpp"

#include "config/keys.hpp"
#include "config/problem.hpp"

#include <CLI/App.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace gatepost::server::cli {
namespace {

std::vector<const CLI::App*> subcommands_of(const CLI::App& command) {
    return command.get_subcommands([](const CLI::App*) { return true; });
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
    const std::vector<std::string_view> views(candidates.begin(), candidates.end());
    const auto guess = config::nearest(word, views);
    return guess ? "; did you mean " + config::in_quotes(*guess) + "?" : "";
}

// "gatepost help report" for "gatepost report".
std::string where_to_read(const std::string& path) {
    std::string command = path;
    command.insert(std::min(command.find(' '), command.size()), " help");
    return "\nRun \"" + command + "\" for what there is.\n";
}

class Walk {
  public:
    explicit Walk(const CLI::App& program) : command_(&program), path_(program.get_name()) {}

    // What is wrong with the word, or empty.
    std::string take(const std::string& word) {
        if (is_value_) {
            is_value_ = false;
            return {};
        }
        if (!only_arguments_ && word == "--") {
            only_arguments_ = true;
            return {};
        }
        if (!only_arguments_ && word.size() > 1 && word.front() == '-') return take_option(word);
        return subcommands_of(*command_).empty() ? take_argument(word) : take_subcommand(word);
    }

    std::string take_subcommand(const std::string& word) {
        std::vector<std::string> names;
        for (const CLI::App* const candidate : subcommands_of(*command_)) {
            names.push_back(candidate->get_name());
            if (candidate->get_name() != word) continue;
            prefix_ = path_;
            path_ += ' ' + word;
            command_ = candidate;
            return {};
        }
        return path_ + ": unknown subcommand " + config::in_quotes(word) + did_you_mean(word, names) +
               where_to_read(path_);
    }

    std::string help() const { return command_->help(prefix_); }

  private:
    std::string take_option(const std::string& word) {
        const bool is_long = word[1] == '-';
        const std::string name = is_long ? word.substr(0, word.find('=')) : word.substr(0, 2);
        const CLI::Option* const option = command_->get_option_no_throw(name);
        if (option != nullptr) {
            is_value_ = option->get_items_expected_min() > 0 && word == name;
            return {};
        }
        std::vector<std::string> names;
        for (const CLI::Option* const known : command_->get_options())
            for (const std::string& known_name : known->get_lnames())
                names.push_back("--" + known_name);
        std::string hint = did_you_mean(name, names);
        const auto below = subcommands_of(*command_);
        if (hint.empty() && std::any_of(below.begin(), below.end(), [&](const CLI::App* other) {
                return other->get_option_no_throw(name) != nullptr;
            }))
            hint = "; it stands behind the subcommand that it is for";
        return path_ + ": unknown option " + config::in_quotes(name) + hint + where_to_read(path_);
    }

    std::string take_argument(const std::string& word) {
        const auto options = command_->get_options();
        const auto most = std::count_if(options.begin(), options.end(),
                                        [](const CLI::Option* option) { return option->get_positional(); });
        if (++arguments_ <= most) return {};
        return path_ + ": unexpected argument " + config::in_quotes(word) + where_to_read(path_);
    }

    const CLI::App* command_;
    std::string path_;    // "gatepost report show"
    std::string prefix_;  // "gatepost report"
    bool is_value_ = false;
    bool only_arguments_ = false;
    std::ptrdiff_t arguments_ = 0;
};

}  // namespace

std::string find_wrong_word(const CLI::App& program, const std::vector<std::string>& words) {
    Walk walk(program);
    for (const std::string& word : words) {
        std::string problem = walk.take(word);
        if (!problem.empty()) return problem;
    }
    return {};
}

std::string help_of(const CLI::App& program, const std::vector<std::string>& names, std::string& problem) {
    Walk walk(program);
    for (const std::string& name : names) {
        problem = walk.take_subcommand(name);
        if (!problem.empty()) return {};
    }
    return walk.help();
}

}  // namespace gatepost::server::cli
