// What the configuration says of clients: block lists and limits, and the words with which they are refused.
#include "config/load.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace gatepost::config {
namespace {

constexpr std::chrono::sys_days today{std::chrono::year(2026) / 11 / 24};

// The three keys without a default, on lines 1 to 3; what is tested follows from line 4 on.
const std::string base =
    "hostname: mx.example.com\n"
    "domains: [example.com]\n"
    "relay: {to: [mail.example.com]}\n";

std::vector<std::string> texts(const std::vector<Problem>& problems) {
    std::vector<std::string> texts;
    for (const auto& problem : problems)
        texts.push_back(problem.text());
    return texts;
}

struct Bad {
    std::string yaml;
    std::string problem;
};

void expect_each_alone(const std::vector<Bad>& table) {
    for (const auto& row : table) {
        const auto result = load_text(base + row.yaml, "g.yaml", today);
        EXPECT_EQ(texts(result.problems), std::vector{"g.yaml:" + row.problem}) << row.yaml;
    }
}

TEST(LoadClients, refuses_block_lists) {
    expect_each_alone({
        {"policy: {dnsbl: [{weight: 2}]}\n", "4:18: required key \"policy.dnsbl.zone\" is missing"},
        {"policy: {dnsbl: [{zone: 192.0.2.1}]}\n",
         "4:25: policy.dnsbl.zone: \"192.0.2.1\" is not a domain name"},
        {"policy: {dnsbl: [{zone: a.example, weight: 0}]}\n",
         "4:44: policy.dnsbl.weight: \"0\" is not a number from 1 to 1000"},
        {"policy: {dnsbl: [{zone: a.example, answers: []}]}\n",
         "4:45: policy.dnsbl.answers: at least one value is needed"},
        {"policy: {dnsbl: [{zone: a.example, answers: [127.255.255.1]}]}\n",
         "4:46: policy.dnsbl.answers: \"127.255.255.1\" is not an address below 127.0.0.0/8 or a range of "
         "them (like 127.0.0.2-127.0.0.11)"},
        {"policy: {dnsbl: [{zone: a.example}, {zone: A.example}]}\n",
         "4:44: policy.dnsbl.zone: \"a.example\" stands here twice"},
    });
    const auto result =
        load_text(base + "policy: {dnsbl_threshold: 2, dnsbl: [{zone: a.example}]}\n", "g.yaml", today);
    EXPECT_EQ(texts(result.warnings).back(),
              "g.yaml:4:27: policy.dnsbl_threshold: is more than all weights together: nobody is refused");
}

}  // namespace
}  // namespace gatepost::config
