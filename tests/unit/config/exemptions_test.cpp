// Exemptions as the loader reads them, and what it says of those that are wrong or reach too far.
#include "tests/unit/config/tables.hpp"

#include <gtest/gtest.h>

namespace gatepost::config {
namespace {

using namespace std::chrono_literals;

TEST(LoadExemptions, reads_them) {
    const auto result =
        load_text(base +
                      "policy:\n"
                      "  exemptions:\n"
                      "    - id: cron\n"
                      "      owner: ops@example.com\n"
                      "      reason: cron mail\n"
                      "      expires: 2027-06-30\n"
                      "      when: {client_ip: 10.0.0.0/8, author_domain: ['*.example.com'],\n"
                      "             mail_from: ['', 'root@*'], helo: '*.example.com'}\n"
                      "      allow: [dmarc, missing_from_domain]\n"
                      "      override: other\n"
                      "  on_quarantine: tag\n",
                  "g.yaml", today);
    ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
    const auto& exemption = result.config->policy.exemptions.at(0);
    EXPECT_EQ(exemption.id, "cron");
    EXPECT_EQ(exemption.owner, "ops@example.com");
    EXPECT_EQ(exemption.reason, "cron mail");
    EXPECT_EQ(exemption.expires, std::chrono::year(2027) / 6 / 30);
    EXPECT_EQ(exemption.when.client_ip.at(0).text(), "10.0.0.0/8");
    EXPECT_EQ(exemption.when.author_domain.at(0).text(), "*.example.com");
    EXPECT_EQ(exemption.when.mail_from, (std::vector<std::string>{"", "root@*"}));
    EXPECT_EQ(exemption.when.helo, std::vector<std::string>{"*.example.com"});
    EXPECT_EQ(exemption.allow, (std::set{policy::Forgiven::dmarc, policy::Forgiven::missing_from_domain}));
    EXPECT_EQ(exemption.override_type, "other");
    EXPECT_FALSE(exemption.forgeable);
    EXPECT_EQ(result.warnings.size(), 1U);  // no certificate
}

TEST(LoadExemptions, takes_trusted_sealers_and_what_stands_on_them) {
    const std::string sealers = "authentication: {arc: {trusted_sealers: [Lists.Example.org]}}\n";
    const auto with = [&](const std::string& rest) {
        return load_text(base + sealers + "policy:\n  exemptions:\n    - {id: lists, owner: o, reason: r, " +
                             rest + ", allow: [dmarc]}\n  on_quarantine: tag\n",
                         "g.yaml", today);
    };
    const auto result = with("when: {arc_sealer: lists.example.org}");
    ASSERT_TRUE(result.config) << ::testing::PrintToString(texts(result.problems));
    ASSERT_EQ(result.config->policy.trusted_sealers.size(), 1U);
    EXPECT_EQ(result.config->policy.trusted_sealers[0].text(), "lists.example.org");
    const auto& exemption = result.config->policy.exemptions.at(0);
    EXPECT_EQ(exemption.when.arc_sealer, result.config->policy.trusted_sealers);
    EXPECT_EQ(exemption.override_type, "trusted_forwarder");
    EXPECT_EQ(result.warnings.size(), 1U);  // no certificate
    EXPECT_FALSE(result.config->authentication.arc_seal);
    // A word of the operator's own is kept.
    EXPECT_EQ(with("override: mailing_list, when: {arc_sealer: lists.example.org}")
                  .config->policy.exemptions.at(0)
                  .override_type,
              "mailing_list");
    const auto never = with("when: {arc_sealer: [lists.example.org, other.example]}");
    ASSERT_EQ(never.warnings.size(), 2U);
    EXPECT_EQ(never.warnings.back().text(),
              "g.yaml:7:59: policy.exemptions.when.arc_sealer: other.example is not in "
              "authentication.arc.trusted_sealers and never matches");
}

TEST(LoadExemptions, refuses_them) {
    const auto exemption = [](const std::string& text) {
        return "policy:\n  exemptions:\n    - {owner: o, reason: r, " + text + "}\n";
    };
    expect_each_alone({
        {exemption("when: {client_ip: 10.0.0.1}, allow: [dmarc]"),
         "6:7: required key \"policy.exemptions.id\" is missing"},
        {exemption("id: 'a b', when: {client_ip: 10.0.0.1}, allow: [dmarc]"),
         "6:33: policy.exemptions.id: \"a b\" is not a name of letters, digits, '-', '_' and '.'"},
        {exemption("id: a, allow: [dmarc]"), "6:7: required key \"policy.exemptions.when\" is missing"},
        {exemption("id: a, when: {client_ip: 10.0.0.1}"),
         "6:7: required key \"policy.exemptions.allow\" is missing"},
        {exemption("id: a, when: {client_ip: 10.0.0.1}, allow: []"),
         "6:72: policy.exemptions.allow: at least one check is needed"},
        {exemption("id: a, when: {client_ip: 10.0.0.1}, allow: [dkim]"),
         "6:73: policy.exemptions.allow: \"dkim\" is not one of: dmarc, spf, missing_from_domain, "
         "bare_newline, dnsbl, rate_limit, early_talker, bare_path, unqualified"},
        {exemption("id: a, when: {author_domain: example.com}, allow: [dmarc]"),
         "6:42: policy.exemptions.when: stands only on what a message says of itself, so that any forger "
         "matches; add client_ip, tls_client or arc_sealer, or accept the risk by forgeable: true"},
        {exemption("id: a, when: {arc_sealer: '*.example.org'}, allow: [dmarc]"),
         "6:55: policy.exemptions.when.arc_sealer: \"*.example.org\" is not a domain of at least two labels"},
        {exemption("id: a, when: {arc_sealer: []}, allow: [dmarc]"),
         "6:55: policy.exemptions.when.arc_sealer: at least one value is needed"},
        {"authentication: {arc: {trusted_sealers: [org]}}\n",
         "4:42: authentication.arc.trusted_sealers: \"org\" is not a domain of at least two labels"},
        {exemption("id: a, when: {}, allow: [dmarc]"),
         "6:42: policy.exemptions.when: stands only on what a message says of itself, so that any forger "
         "matches; add client_ip, tls_client or arc_sealer, or accept the risk by forgeable: true"},
        {exemption("id: a, when: {client_ip: [], author_domain: example.com}, allow: [dmarc]"),
         "6:54: policy.exemptions.when.client_ip: at least one value is needed"},
        {exemption("id: a, when: {client_ip: }, allow: [dmarc]"),
         "6:43: policy.exemptions.when.client_ip: at least one value is needed"},
        {exemption("id: a, when: {client_ip: ten}, allow: [dmarc]"),
         "6:54: policy.exemptions.when.client_ip: \"ten\" is not an IP address or network"},
        {exemption("id: a, when: {client_ip: 10.0.0.1, client_name: x.example}, allow: [dmarc]"),
         "6:64: policy.exemptions.when.client_name is not supported by this version"},
        {exemption("id: a, expires: 2027-02-30, when: {client_ip: 10.0.0.1}, allow: [dmarc]"),
         "6:45: policy.exemptions.expires: \"2027-02-30\" is not a day (like 2027-06-30)"},
        {exemption("id: a, when: {client_ip: 10.0.0.1}, allow: [dmarc], override: none"),
         "6:91: policy.exemptions.override: \"none\" is not one of: local_policy, trusted_forwarder, "
         "mailing_list, other"},
        {exemption("id: a, when: {client_ip: 10.0.0.1}, allow: [dmarc]") +
             "    - {id: a, owner: o, reason: r, when: {client_ip: 10.0.0.2}, allow: [dmarc]}\n",
         "7:12: policy.exemptions.id: \"a\" is the id of an earlier exemption"},
    });
}

// What a warning says of each exemption, today being 2026-11-24.
// Recipients are counted at RCPT, when nothing that such an exemption stands on is known.
TEST(LoadExemptions, warns_of_one_that_forgives_no_recipients) {
    const auto warnings = [](const std::string& key) {
        const std::string exemption =
            "policy:\n  exemptions:\n    - {id: a, owner: o, reason: r, forgeable: true, when: {" + key +
            "}, allow: [rate_limit]}\n";
        return texts(load_text(base + exemption, "g.yaml", today).warnings);
    };
    const std::string told = "policy.exemptions.allow: rate_limit forgives messages here, and no recipients";
    EXPECT_NE(testing::PrintToString(warnings("author_domain: a.example")).find(told), std::string::npos);
    EXPECT_EQ(testing::PrintToString(warnings("author_domain: a.example, helo: a")).find(told),
              std::string::npos);
}

TEST(LoadExemptions, warns_of_them) {
    const std::string allow = ", allow: [dmarc]";
    const std::string first = "    - {id: first, owner: o, reason: r, ";
    const std::string when =
        "when: {client_ip: [10.0.0.0/8], author_domain: ['*.a.example']}, allow: [dmarc, spf]}\n";
    const std::string second = "    - {id: second, owner: o, reason: r, ";
    const std::string shadowed =
        "7:7: policy.exemptions: never speaks: the earlier exemption \"first\" matches and forgives all that "
        "it does";
    const std::vector<Bad> table = {
        {first + "when: {client_ip: 10.0.0.0/7}" + allow + "}\n",
         "6:58: policy.exemptions.when.client_ip: 10.0.0.0/7 spans the Internet"},
        {first + "when: {client_ip: 10.0.0.0/8}" + allow + "}\n", ""},
        {first + "when: {client_ip: ['2000::/18']}" + allow + "}\n",
         "6:59: policy.exemptions.when.client_ip: 2000::/18 spans the Internet"},
        {first + "when: {client_ip: ['2000::/19']}" + allow + "}\n", ""},
        {first + "expires: 2026-11-23, " + when,
         "6:49: policy.exemptions.expires: has expired and is without effect"},
        {first + "expires: 2026-11-24, " + when, "6:49: policy.exemptions.expires: expires in 0 days"},
        {first + "expires: 2026-12-24, " + when, "6:49: policy.exemptions.expires: expires in 30 days"},
        {first + "expires: 2026-12-25, " + when, ""},
        {first + "forgeable: true, when: {author_domain: example.com}" + allow + "}\n",
         "6:63: policy.exemptions.when: forgeable: any sender of a forgery can match it"},
        {"    - {id: first, reason: r, " + when,
         "6:7: policy.exemptions.owner: is missing: nobody will know whom to ask, or what it is for"},
        {first + "when: {client_ip: 10.0.0.0/8, author_domain: a.example}, allow: [rate_limit]}\n", ""},
        // Shadowed: the earlier one matches all that this one does, forgives it, and lives on.
        {first + when + second + when, shadowed},
        {first + when + second + "when: {client_ip: 10.1.0.0/16, author_domain: b.a.example}" + allow + "}\n",
         shadowed},
        {first + when + second + "expires: 2027-01-01, " + when, shadowed},
        {first + "expires: 2027-01-01, " + when + second + when, ""},
        {first + when + second + "when: {client_ip: 10.1.0.0/16, author_domain: a.example}" + allow + "}\n",
         ""},
        {first + when + second + "when: {client_ip: 10.1.0.0/16}" + allow + "}\n", ""},
        {first + when + second + "when: {client_ip: [10.1.0.0/16, 192.0.2.1], author_domain: b.a.example}" +
             allow + "}\n",
         ""},
        {first + when + second +
             "when: {client_ip: 10.1.0.0/16, author_domain: b.a.example}, allow: [missing_from_domain]}\n",
         ""},
    };
    for (const auto& row : table) {
        const auto result = load_text(base + "policy:\n  exemptions:\n" + row.yaml + "  on_quarantine: tag\n",
                                      "g.yaml", today);
        EXPECT_TRUE(result.config) << row.yaml << ::testing::PrintToString(texts(result.problems));
        auto warnings = texts(result.warnings);
        ASSERT_FALSE(warnings.empty());
        warnings.erase(warnings.begin());  // no certificate
        const auto expected = row.problem.empty() ? std::vector<std::string>{}
                                                  : std::vector<std::string>{"g.yaml:" + row.problem};
        EXPECT_EQ(warnings, expected) << row.yaml;
    }
}

}  // namespace
}  // namespace gatepost::config
