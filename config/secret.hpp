// Secrets and files that the configuration names: read once, whole, with a bound.
#pragma once

#include "config/problem.hpp"

#include <boost/system/result.hpp>

#include <filesystem>
#include <string>

namespace gatepost::config {

// Text, or the reason for people why there is none.
struct Reason {
    Reason() = default;
    static Reason because(std::string why);  // no constructor: a result could not tell it from the text
    std::string text;
};
using TextResult = boost::system::result<std::string, Reason>;

// A file that the configuration names, and the key that does so.
struct NamedFile {
    std::filesystem::path path;
    std::string key;
    Position where;
};

// The whole of a regular file of at most 1 MiB.
TextResult read_file(const std::filesystem::path& path);

// The same without line ends at its end, as editors and `echo` leave them; an empty secret is an error.
TextResult read_secret_file(const std::filesystem::path& path);

// The environment variable's value; unset or empty is an error.
TextResult read_secret_variable(const std::string& name);

}  // namespace gatepost::config
