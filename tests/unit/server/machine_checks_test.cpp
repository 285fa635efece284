// Mistakes that show only on the machine: with the words and places in which they are told.
#include "server/machine_checks.hpp"

#include "tests/support/temporary_folder.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace gatepost::server {
namespace {

constexpr std::chrono::sys_days today{std::chrono::year(2026) / 11 / 24};

const std::string base =
    "hostname: mx.example.com\n"
    "domains: [example.com]\n"
    "policy: {on_quarantine: tag}\n";

// A machine at 192.0.2.25 and 2001:db8::25, behind 192.0.2.1; "backup" is its name in /etc/hosts.
Machine machine() {
    Machine machine;
    for (const auto* address : {"127.0.0.1", "::1", "192.0.2.25", "2001:db8::25"})
        machine.addresses.push_back(*dns::IpAddress::parse(address));
    for (const auto* address : {"172.17.0.1", "172.17.0.1", "fd00::1"})
        machine.gateways.push_back({*dns::IpAddress::parse(address), "eth0"});
    machine.has_user = [](const std::string& user) {
        return user == "gatepost";
    };
    machine.has_group = machine.has_user;
    machine.hosts = [](std::string_view host) {
        return host == "backup" ? std::vector{*dns::IpAddress::parse("192.0.2.25")}
                                : std::vector<dns::IpAddress>();
    };
    machine.unreadable = [](const std::string&, const std::string&,
                            const std::vector<std::filesystem::path>&) {
        return std::vector<std::filesystem::path>();
    };
    return machine;
}

struct Told {
    std::vector<std::string> problems;
    std::vector<std::string> warnings;
};

Told told(const std::string& yaml, const Machine& on) {
    auto loaded = config::load_text(yaml, "g.yaml", today);
    EXPECT_TRUE(loaded.config) << (loaded.problems.empty() ? "" : loaded.problems[0].text()) << yaml;
    check_on_machine(loaded, "g.yaml", on);
    Told told;
    for (const config::Problem& problem : loaded.problems)
        told.problems.push_back(problem.text());
    for (const config::Problem& warning : loaded.warnings)
        if (warning.message.find("no certificate is given") == std::string::npos)
            told.warnings.push_back(warning.text());
    return told;
}

using Texts = std::vector<std::string>;

TEST(MachineChecks, FindsMailThatWouldComeBack) {
    const std::pair<std::string, std::string> loops[] = {
        {"127.0.0.1:25", "0.0.0.0:25"},
        {"localhost", "0.0.0.0:25"},
        {"localhost", "[::]:25"},
        {"127.0.0.5:25", "0.0.0.0:25"},
        {"0.0.0.0:25", "127.0.0.1:25"},
        {"0.0.0.0:25", "0.0.0.0:25"},
        {"[::]:25", "[::1]:25"},
        {"192.0.2.25", "0.0.0.0:25"},
        {"192.0.2.25", "192.0.2.25:25"},
        {"[2001:db8::25]:25", "[::]:25"},
        {"backup", "0.0.0.0:25"},
        {"BACKUP", "0.0.0.0:25"},
        {"[::ffff:127.0.0.1]:25", "0.0.0.0:25"},
        {"lmtp://127.0.0.1:2525", "0.0.0.0:2525"},
    };
    for (const auto& [destination, listener] : loops) {
        Machine on = machine();
        on.hosts = [](std::string_view host) {
            return host == "backup" || host == "BACKUP" ? std::vector{*dns::IpAddress::parse("192.0.2.25")}
                                                        : std::vector<dns::IpAddress>();
        };
        const std::string yaml = base + "listeners: [{address: '" + listener +
                                 "'}]\nrelay:\n  to: [mail.example.net, '" + destination + "']\n";
        const Told found = told(yaml, on);
        ASSERT_EQ(found.problems.size(), 1U) << yaml;
        EXPECT_EQ(found.problems[0].substr(0, 23), "g.yaml:6:26: relay.to: ") << found.problems[0];
        EXPECT_NE(found.problems[0].find(
                      " is our own listener " + listener +
                      ": mail would come back to us; name the mail system behind, or its other port"),
                  std::string::npos)
            << found.problems[0];
    }
    const std::pair<std::string, std::string> others[] = {
        {"127.0.0.1:2525", "0.0.0.0:25"},   {"127.0.0.1:25", "192.0.2.25:25"},
        {"192.0.2.26", "0.0.0.0:25"},       {"[::1]:25", "0.0.0.0:25"},
        {"192.0.2.25", "127.0.0.1:25"},     {"unix:/run/lmtp", "0.0.0.0:25"},
        {"mail.example.com", "0.0.0.0:25"},
    };
    for (const auto& [destination, listener] : others) {
        const Told found =
            told(base + "listeners: [{address: '" + listener + "'}]\nrelay: {to: ['" + destination + "']}\n",
                 machine());
        EXPECT_EQ(found.problems, Texts()) << destination << ' ' << listener;
        EXPECT_EQ(found.warnings, Texts()) << destination << ' ' << listener;
    }
    // Our own name may lead elsewhere inside: nobody is asked, and it is told.
    EXPECT_EQ(
        told(base + "relay: {to: [mx.example.com]}\n", machine()).warnings,
        Texts{"g.yaml:4:14: relay.to: mx.example.com is our own name; if it leads here, mail would come back "
              "to us"});
}

TEST(MachineChecks, FindsWhoIsNotThere) {
    const std::string yaml = base + "relay: {to: [mail]}\nprocess:\n  user: gatepots\n  group: mail\n";
    EXPECT_EQ(
        told(yaml, machine()).problems,
        (Texts{
            "g.yaml:6:9: process.user: there is no user gatepots; make one (adduser --system --group "
            "gatepots) or name another",
            "g.yaml:7:10: process.group: there is no group mail; make one (addgroup --system mail) or name "
            "another"}));
    EXPECT_EQ(
        told(base + "relay: {to: [mail]}\nprocess: {user: gatepost, group: gatepost}\n", machine()).problems,
        Texts());
}

TEST(MachineChecks, FindsFilesThatOnlyRootCanRead) {
    Machine on = machine();
    std::vector<std::filesystem::path> asked;
    on.unreadable = [&](const std::string& user, const std::string& group,
                        const std::vector<std::filesystem::path>& files) {
        EXPECT_EQ(user, "gatepost");
        EXPECT_EQ(group, "");
        asked = files;
        return files;
    };
    const tests::TemporaryFolder folder;
    const std::string token = (folder.path() / "token").string();
    std::ofstream(token) << "secret\n";
    const std::string yaml = base +
                             "relay: {to: [mail]}\n"
                             "process: {user: gatepost}\n"
                             "http: {token: {file: " +
                             token + "}}\n";
    const std::string end =
        " cannot be read by process.user gatepost: it is read now, by root, but no reload will take it "
        "again, nor a "
        "renewed certificate; let that user come to it (chgrp and chmod g+r, folders too)";
    EXPECT_EQ(told(yaml, on).warnings,
              (Texts{"g.yaml:1:1: g.yaml" + end, "g.yaml:6:22: http.token: " + token + end}));
    EXPECT_EQ(asked.size(), 2U);
    // Without process.user it is root, or whoever reads them now.
    asked.clear();
    told(base + "relay: {to: [mail]}\nhttp: {token: {file: " + token + "}}\n", on);
    EXPECT_TRUE(asked.empty());
}

TEST(MachineChecks, FindsGatewaysWithRights) {
    const std::string yaml =
        "hostname: mx.example.com\n"
        "domains: [example.com]\n"
        "relay: {to: [mail]}\n"
        "policy:\n"
        "  on_quarantine: tag\n"
        "  own_networks: [10.0.0.0/8, 172.16.0.0/12]\n"
        "  exemptions:\n"
        "    - {id: a, owner: o, reason: r, when: {client_ip: 192.0.2.9}, allow: [dmarc]}\n"
        "    - {id: b, owner: o, reason: r, when: {client_ip: 'fd00::/32'}, allow: [dmarc]}\n";
    const std::string end =
        " of eth0: where it hides clients, as that of a container does, the Internet has the rights of this "
        "network; "
        "leave it out, or see to it that clients come with their own addresses";
    EXPECT_EQ(told(yaml, machine()).warnings,
              (Texts{"g.yaml:6:30: policy.own_networks: 172.16.0.0/12 holds the gateway 172.17.0.1" + end,
                     "g.yaml:9:54: exemption \"b\": fd00::/32 holds the gateway fd00::1" + end}));
}

TEST(Machine, ReadsGateways) {
    const auto gateways = read_gateways(
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
        "eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n",
        "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
        "fd000000000000000000000000000001 "
        "00000400 00000001 00000000 00000003 eth1\n"
        "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
        "00000000000000000000000000000000 "
        "00000100 00000001 00000000 00000001 eth0\n");
    ASSERT_EQ(gateways.size(), 2U);
    EXPECT_EQ(gateways[0].address.text(), "172.17.0.1");  // of a machine that keeps the last octet first
    EXPECT_EQ(gateways[0].interface, "eth0");
    EXPECT_EQ(gateways[1].address.text(), "fd00::1");
    EXPECT_EQ(gateways[1].interface, "eth1");
    EXPECT_TRUE(read_gateways("", "").empty());
}

TEST(Machine, ReadsHosts) {
    const std::string lines =
        "127.0.0.1\tlocalhost\n# 192.0.2.1 mail\n192.0.2.2 mail.example Mail # a comment other\n::1 mail\n";
    EXPECT_EQ(read_hosts(lines, "mail"),
              (std::vector{*dns::IpAddress::parse("192.0.2.2"), *dns::IpAddress::parse("::1")}));
    EXPECT_TRUE(read_hosts(lines, "other").empty());
    EXPECT_TRUE(read_hosts("", "mail").empty());
}

TEST(Machine, KnowsThisOne) {
    const Machine here = this_machine();
    EXPECT_NE(std::find(here.addresses.begin(), here.addresses.end(), dns::IpAddress::v4({127, 0, 0, 1})),
              here.addresses.end());
    EXPECT_TRUE(here.has_user("root"));
    EXPECT_FALSE(here.has_user("no-such-user"));
}

}  // namespace
}  // namespace gatepost::server
