// What is wrong with a configuration, and where. All problems of a file are collected before any is told, so
// that an operator mends them in one go.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace gatepost::config {

// Line and column count from 1.
struct Position {
    unsigned line = 1;
    unsigned column = 1;
    friend auto operator<=>(const Position&, const Position&) = default;
};

struct Problem {
    std::string file;
    unsigned line = 1;
    unsigned column = 1;
    std::string message;

    std::string text() const;  // FILE:LINE:COLUMN: message
    friend bool operator==(const Problem&, const Problem&) = default;
};

// Collects the problems of one file. Errors keep the server from starting; warnings do not.
class Problems {
  public:
    explicit Problems(std::string file) : file_(std::move(file)) {}

    void error(Position where, std::string message);
    void warn(Position where, std::string message);
    bool any_error() const { return !errors_.empty(); }

    // Sorted by position; those of one place keep the order in which they were found.
    std::vector<Problem> take_errors();
    std::vector<Problem> take_warnings();

  private:
    std::string file_;
    std::vector<Problem> errors_;
    std::vector<Problem> warnings_;
};

// Text of the file between quotes for a message: cut, and without control characters.
std::string in_quotes(std::string_view text);

}  // namespace gatepost::config
