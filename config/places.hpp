// Where each value of a configuration stands, for problems that only the server can find: of files, of
// sockets, of users.
#pragma once

#include "config/document.hpp"
#include "config/problem.hpp"

#include <map>
#include <string>
#include <string_view>

namespace gatepost::config {

class Places {
  public:
    Places() = default;
    explicit Places(const Node& document);

    // Of the value at `path` ("relay.to[0]", "process.user"); where it is absent, of the nearest section
    // around it that is there.
    Position of(std::string_view path) const;

  private:
    void add(const Node& node, const std::string& path);

    std::map<std::string, Position, std::less<>> places_;
};

}  // namespace gatepost::config
