// The escapes of the SMTP suites: \r \n \t \\ \xHH.
#pragma once

#include <string>
#include <string_view>

namespace gatepost::tests {

// std::runtime_error for any other escape: the suite is broken then.
std::string unescape(std::string_view text);

}  // namespace gatepost::tests
