// All there is to say in the alphabet of framing.
#pragma once

#include <gtest/gtest.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

namespace gatepost::tests {

// Calls `check` with every string over {CR, LF, '.', NUL, 'x'} of up to `most` octets.
inline void for_each_string(std::size_t most, const std::function<void(const std::string&)>& check) {
    constexpr std::string_view alphabet("\r\n.\0x", 5);
    std::string text;
    const std::function<void()> extend = [&] {
        if (testing::Test::HasFatalFailure()) return;
        check(text);
        if (text.size() == most) return;
        for (const char c : alphabet) {
            text.push_back(c);
            extend();
            text.pop_back();
        }
    };
    extend();
}

}  // namespace gatepost::tests
