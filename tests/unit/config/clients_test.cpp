// What the configuration says of clients: block lists and limits, and the words with which they are refused.
#include "config/load.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
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

TEST(LoadClients, reads_limits) {
    const auto result = load_text(
        base +
            "limits:\n"
            "  connections_per_network: 200\n"
            "  client_rates: {per: 1h, connections: 100, messages: 50, recipients: 500, errors: 20}\n"
            "  network_rates: {messages: 5000}\n"
            "  early_talker_delay: 4s\n"
            "policy:\n"
            "  rate_limits:\n"
            "    - {id: all, messages: 100, per: 1m}\n"
            "    - {id: news, when: {mail_from: '*@news.example', helo: 'mta?.news.example'}, messages: 5, "
            "per: 1d}\n",
        "g.yaml", today);
    ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
    const Limits& limits = result.config->limits;
    EXPECT_EQ(limits.connections_per_network, 200U);
    EXPECT_EQ(limits.client_rates, (Rates{std::chrono::hours(1), 100, 50, 500, 20}));
    EXPECT_EQ(limits.network_rates, (Rates{std::chrono::minutes(10), 0, 5000, 0, 0}));
    EXPECT_EQ(limits.early_talker_delay, std::chrono::seconds(4));
    const auto& rules = result.config->policy.rate_limits;
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(rules[0].id, "all");
    EXPECT_EQ(rules[0].messages, 100U);
    EXPECT_EQ(rules[0].per, std::chrono::minutes(1));
    EXPECT_EQ(rules[0].when, policy::Condition());
    EXPECT_EQ(rules[1].when.helo.at(0), "mta?.news.example");
}

TEST(LoadClients, reads_shares_of_networks) {
    const std::pair<std::string, std::optional<std::size_t>> cases[] = {
        {"", std::nullopt},
        {"limits: {connections_per_network: auto}\n", std::nullopt},
        {"limits: {connections_per_network: 0}\n", 0},
        {"limits: {connections_per_network: 1000000}\n", 1'000'000},
    };
    for (const auto& [yaml, expected] : cases) {
        const auto result = load_text(base + yaml, "g.yaml", today);
        ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
        EXPECT_EQ(result.config->limits.connections_per_network, expected) << yaml;
    }
}

TEST(LoadClients, refuses_limits) {
    expect_each_alone({
        {"limits: {connections_per_network: some}\n",
         "4:35: limits.connections_per_network: \"some\" is not auto or a number from 0 to 1000000"},
        {"limits: {connections_per_network: 1000001}\n",
         "4:35: limits.connections_per_network: \"1000001\" is not auto or a number from 0 to 1000000"},
        {"limits: {early_talker_delay: 1m}\n",
         "4:30: limits.early_talker_delay: \"1m\" is not a duration (like 30s, 5m, 1h) from 0ms to 20s"},
        {"limits: {client_rates: {messages: -1}}\n",
         "4:35: limits.client_rates.messages: \"-1\" is not a number from 0 to 1000000"},
        {"policy: {rate_limits: [{id: a, per: 1m}]}\n",
         "4:24: required key \"policy.rate_limits.messages\" is missing"},
        {"policy: {rate_limits: [{id: a, messages: 1, per: 1m}, {id: a, messages: 1, per: 1m}]}\n",
         "4:60: policy.rate_limits.id: \"a\" is the id of an earlier limit"},
    });
}

// PRODUCT.md, `allow`: what is decided before a message is there.
TEST(LoadClients, refuses_conditions_that_are_known_too_late) {
    const auto exemption = [](const std::string& allow, const std::string& when) {
        return "policy: {unqualified_domain: a.example, exemptions: [{id: a, owner: o, reason: r,\n"
               "  allow: [" +
               allow + "],\n  when: {client_ip: 192.0.2.1" + when + "}}]}\n";
    };
    const std::string at_mail =
        " is decided at MAIL and RCPT, when author_domain and arc_sealer are not known: give it an exemption "
        "of its own";
    const std::string at_once =
        "early_talker is decided before the first command, when nothing but client_ip and tls_client is "
        "known: give it an exemption of its own";
    expect_each_alone({
        {exemption("bare_path", ", author_domain: a.example"),
         "5:10: policy.exemptions.allow: bare_path" + at_mail},
        {exemption("dmarc, bare_path", ", author_domain: a.example"),
         "5:10: policy.exemptions.allow: bare_path" + at_mail},
        {exemption("unqualified", ", author_domain: '*.a.example'"),
         "5:10: policy.exemptions.allow: unqualified" + at_mail},
        {exemption("early_talker", ", author_domain: a.example"),
         "5:10: policy.exemptions.allow: " + at_once},
        {exemption("early_talker", ", mail_from: '<>'"), "5:10: policy.exemptions.allow: " + at_once},
        {exemption("early_talker", ", helo: db1"), "5:10: policy.exemptions.allow: " + at_once},
        {"policy: {unqualified_domain: 'a b'}\n",
         "4:30: policy.unqualified_domain: \"a b\" is not a domain name"},
        {"policy: {unqualified_domain: a_b.example}\n",
         "4:30: policy.unqualified_domain: \"a_b.example\" is not a domain name"},
    });
    for (const char* fine : {", helo: db1, mail_from: 'root@*'", ""}) {
        const auto result = load_text(base + exemption("bare_path, unqualified", fine), "g.yaml", today);
        ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
        EXPECT_EQ(result.config->policy.unqualified_domain->text(), "a.example");
        // Those of every configuration without a certificate, and with on_quarantine: tag by default.
        EXPECT_EQ(result.warnings.size(), 2U) << ::testing::PrintToString(texts(result.warnings));
    }
}

TEST(LoadClients, warns_where_there_is_nothing_to_complete_addresses_by) {
    const auto result =
        load_text(base +
                      "policy: {exemptions: [{id: a, owner: o, reason: r, allow: [unqualified],\n"
                      "         when: {client_ip: 192.0.2.1}}]}\n",
                  "g.yaml", today);
    ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
    EXPECT_EQ(
        texts(result.warnings).back(),
        "g.yaml:4:59: policy.exemptions.allow: unqualified has no effect without policy.unqualified_domain");
}

}  // namespace
}  // namespace gatepost::config
