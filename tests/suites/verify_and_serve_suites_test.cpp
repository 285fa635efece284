// Every message of the suites to the server and to `gatepost verify`: the same reply, the same results.
#include "tests/support/suite.hpp"
#include "tests/support/verify_and_serve.hpp"

namespace gatepost::tests {
namespace {

class VerifyAndServeSuites : public VerifyAndServe {};

TEST_F(VerifyAndServeSuites, say_the_same_of_each_message) {
    GATEPOST_REQUIRE_SUITE(folder, "messages");
    config_.limits.message_size = 5'000'000;
    std::size_t seen = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.parent_path())) {
        if (!entry.is_regular_file() || entry.path().extension() != ".eml") continue;
        config_.policy.mode = seen % 3 == 2 ? policy::Mode::monitor : policy::Mode::enforce;
        expect_same(load_octets(entry.path()), entry.path().filename().string());
        ++seen;
    }
    EXPECT_GT(seen, 600U);
}

}  // namespace
}  // namespace gatepost::tests
