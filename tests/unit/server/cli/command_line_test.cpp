#include "server/cli/command_line.hpp"

#include <gtest/gtest.h>

namespace gatepost::server::cli {
namespace {

CommandLine parse(std::vector<const char*> words) {
    words.insert(words.begin(), "gatepost");
    return parse_command_line(static_cast<int>(words.size()), words.data());
}

template <typename Options>
Options parsed(const std::vector<const char*>& words) {
    const auto line = parse(words);
    EXPECT_TRUE(line.command) << line.errors;
    return std::get<Options>(line.command.value());
}

TEST(CommandLine, takes_commands_with_a_configuration) {
    EXPECT_EQ(parsed<ServeOptions>({"serve", "--config", "g.yaml"}).config, "g.yaml");
    EXPECT_EQ(parsed<CheckConfigOptions>({"check-config", "--config=g.yaml"}).config, "g.yaml");
    EXPECT_NO_THROW(parsed<VersionOptions>({"version"}));
    const auto list = parsed<ReportListCommand>({"report", "list", "--config", "g.yaml", "--json"});
    EXPECT_EQ(list.config, "g.yaml");
    EXPECT_TRUE(list.options.json);
    EXPECT_EQ(list.options.date, "");
    const auto show = parsed<ReportShowCommand>(
        {"report", "show", "example.org", "--date", "2026-11-24", "--config", "g.yaml"});
    EXPECT_EQ(show.options.domain, "example.org");
    EXPECT_EQ(show.options.date, "2026-11-24");
}

TEST(CommandLine, knows_where_the_configuration_stands) {
    EXPECT_EQ(parsed<ServeOptions>({"serve"}).config, "/etc/gatepost/gatepost.yaml");
    EXPECT_EQ(parsed<CheckConfigOptions>({"check-config"}).config, "/etc/gatepost/gatepost.yaml");
    EXPECT_EQ(parsed<ReportListCommand>({"report", "list"}).config, "/etc/gatepost/gatepost.yaml");
    EXPECT_EQ(parsed<ReportShowCommand>({"report", "show", "example.org"}).config,
              "/etc/gatepost/gatepost.yaml");
    // Where there is none, verify works without; an empty one asks for that.
    EXPECT_EQ(parsed<VerifyOptions>({"verify", "--ip", "::1", "--config", ""}).config, "");
}

TEST(CommandLine, takes_version_in_every_form) {
    for (const auto* word : {"version", "--version", "-V"})
        EXPECT_NO_THROW(parsed<VersionOptions>({word})) << word;
}

TEST(CommandLine, takes_verify_whole) {
    const auto options = parsed<VerifyOptions>(
        {"verify", "--config", "g.yaml", "--ip", "::ffff:192.0.2.1", "--helo", "mail.example", "--mail-from",
         "<a@example.org>", "--rcpt-to", "b@example.com", "--rcpt-to", "<c@example.com>", "--dns",
         "127.0.0.1:5353", "--at", "1700000000", "--json", "m.eml"});
    EXPECT_EQ(options.config, "g.yaml");
    EXPECT_EQ(options.ip.text(), "192.0.2.1");
    EXPECT_EQ(options.helo, "mail.example");
    EXPECT_EQ(options.mail_from, "a@example.org");
    EXPECT_EQ(options.rcpt_to, (std::vector<std::string>{"b@example.com", "c@example.com"}));
    EXPECT_EQ(options.dns->port, 5353);
    EXPECT_EQ(options.at->time_since_epoch(), std::chrono::seconds(1'700'000'000));
    EXPECT_TRUE(options.json);
    EXPECT_EQ(options.message, "m.eml");
}

TEST(CommandLine, takes_verify_in_short) {
    for (const auto& words : std::initializer_list<std::vector<const char*>>{
             {"verify", "--ip", "192.0.2.1"},
             {"verify", "--ip", "192.0.2.1", "-"},
             {"verify", "--ip", "192.0.2.1", "--mail-from", ""},
             {"verify", "--ip", "192.0.2.1", "--mail-from", "<>", "-"},
             {"verify", "--ip", "192.0.2.1", "--mail-from=", "-"}}) {
        const auto options = parsed<VerifyOptions>(words);
        EXPECT_EQ(options.message, "-");
        EXPECT_EQ(options.mail_from, "");
        EXPECT_FALSE(options.config);
        EXPECT_FALSE(options.dns);
        EXPECT_FALSE(options.at);
        EXPECT_FALSE(options.json);
    }
    // The recipient's option takes one word; the next one is the message.
    const auto options =
        parsed<VerifyOptions>({"verify", "--ip", "::1", "--rcpt-to", "a@b.example", "m.eml"});
    EXPECT_EQ(options.rcpt_to.size(), 1U);
    EXPECT_EQ(options.message, "m.eml");
}

TEST(CommandLine, takes_spf) {
    const auto options = parsed<SpfOptions>(
        {"spf", "--ip", "2001:db8::1", "--helo", "h.example", "--mail-from", "", "--dns", "[::1]:54"});
    EXPECT_EQ(options.ip.text(), "2001:db8::1");
    EXPECT_EQ(options.mail_from, "");
    EXPECT_EQ(options.dns->address.text(), "::1");
}

TEST(CommandLine, answers_help_with_status_0) {
    for (const auto& words : std::initializer_list<std::vector<const char*>>{{"--help"},
                                                                             {"-h"},
                                                                             {"serve", "--help"},
                                                                             {"check-config", "--help"},
                                                                             {"verify", "--help"},
                                                                             {"spf", "--help"},
                                                                             {"report", "--help"},
                                                                             {"report", "list", "--help"},
                                                                             {"report", "show", "--help"},
                                                                             {"version", "--help"},
                                                                             {"help"},
                                                                             {"help", "--help"},
                                                                             {"help", "help"},
                                                                             {"help", "verify"},
                                                                             {"help", "report", "show"}}) {
        const auto line = parse(words);
        EXPECT_FALSE(line.command);
        EXPECT_EQ(line.exit_status, 0) << line.errors;
        EXPECT_NE(line.output.find("Usage: gatepost"), std::string::npos) << line.output;
        EXPECT_EQ(line.errors, "");
    }
}

TEST(CommandLine, answers_help_with_a_command_as_the_command_with_help) {
    EXPECT_EQ(parse({"help"}).output, parse({"--help"}).output);
    EXPECT_EQ(parse({"help", "verify"}).output, parse({"verify", "--help"}).output);
    EXPECT_EQ(parse({"help", "report"}).output, parse({"report", "--help"}).output);
    EXPECT_EQ(parse({"help", "report", "show"}).output, parse({"report", "show", "--help"}).output);
}

TEST(CommandLine, names_the_word_that_was_meant) {
    const std::pair<std::vector<const char*>, const char*> table[] = {
        {{"chek-config"},
         "gatepost: unknown subcommand \"chek-config\"; did you mean \"check-config\"?\n"
         "Run \"gatepost help\" for what there is.\n"},
        {{"Serve"},
         "gatepost: unknown subcommand \"Serve\"; did you mean \"serve\"?\n"
         "Run \"gatepost help\" for what there is.\n"},
        {{"frobnicate"},
         "gatepost: unknown subcommand \"frobnicate\"\nRun \"gatepost help\" for what there is.\n"},
        {{"fr\x1b[1mob"},
         "gatepost: unknown subcommand \"fr?[1mob\"\nRun \"gatepost help\" for what there is.\n"},
        {{"report", "lst", "--json"},
         "gatepost report: unknown subcommand \"lst\"; did you mean \"list\"?\n"
         "Run \"gatepost help report\" for what there is.\n"},
        {{"serve", "--confg", "x"},
         "gatepost serve: unknown option \"--confg\"; did you mean \"--config\"?\n"
         "Run \"gatepost help serve\" for what there is.\n"},
        {{"verify", "--pi=192.0.2.1"},
         "gatepost verify: unknown option \"--pi\"; did you mean \"--ip\"?\n"
         "Run \"gatepost help verify\" for what there is.\n"},
        {{"verify", "--ip", "192.0.2.1", "-j"},
         "gatepost verify: unknown option \"-j\"\nRun \"gatepost help verify\" for what there is.\n"},
        {{"report", "show", "a.example", "b.example"},
         "gatepost report show: unexpected argument \"b.example\"\n"
         "Run \"gatepost help report show\" for what there is.\n"},
        {{"--config", "x", "serve"},
         "gatepost: unknown option \"--config\"; it stands behind the subcommand that it is for\n"
         "Run \"gatepost help\" for what there is.\n"},
        {{"--versoin"},
         "gatepost: unknown option \"--versoin\"; did you mean \"--version\"?\n"
         "Run \"gatepost help\" for what there is.\n"},
        {{"help", "verfy"},
         "gatepost: unknown subcommand \"verfy\"; did you mean \"verify\"?\n"
         "Run \"gatepost help\" for what there is.\n"},
        {{"help", "report", "shw"},
         "gatepost report: unknown subcommand \"shw\"; did you mean \"show\"?\n"
         "Run \"gatepost help report\" for what there is.\n"},
    };
    for (const auto& [words, told] : table) {
        const auto line = parse(words);
        EXPECT_EQ(line.exit_status, 2) << told;
        EXPECT_EQ(line.errors, told);
        EXPECT_EQ(line.output, "");
    }
}

TEST(CommandLine, answers_wrong_usage_with_status_2) {
    const std::pair<std::vector<const char*>, const char*> table[] = {
        {{}, "subcommand"},
        {{"frobnicate"}, "subcommand"},
        {{"serve", "--config"}, "--config"},
        {{"serve", "--config", "a", "--config", "b"}, "--config"},
        {{"serve", "--config", "a", "--verbose"}, "--verbose"},
        {{"verify"}, "--ip is required"},
        {{"verify", "--ip", "localhost"}, "\"localhost\" is not an IP address"},
        {{"verify", "--ip", "192.0.2.1", "--at", "now"}, "--at"},
        {{"verify", "--ip", "192.0.2.1", "--at", "-1"}, "--at"},
        {{"verify", "--ip", "192.0.2.1", "--at", "99999999999999999999"}, "--at"},
        {{"verify", "--ip", "192.0.2.1", "--at", "999999999999999"}, "--at"},
        {{"verify", "--ip", "192.0.2.1", "--dns", "dns.example:53"}, "is not an IP address with a port"},
        {{"verify", "--ip", "192.0.2.1", "a.eml", "b.eml"}, "b.eml"},
        {{"spf", "--ip", "192.0.2.1", "--helo", "h"}, "--mail-from is required"},
        {{"report"}, "subcommand"},
        {{"report", "show", "--config", "g.yaml"}, "DOMAIN is required"},
        {{"report", "list", "--config", "g.yaml", "--date", "today"}, "\"today\" is not a day"},
        {{"version", "x"}, "x"},
        {{"serve", "--config", "a", "version"}, "version"},
    };
    for (const auto& [words, told] : table) {
        const auto line = parse(words);
        EXPECT_FALSE(line.command) << told;
        EXPECT_EQ(line.exit_status, 2) << told;
        EXPECT_NE(line.errors.find(told), std::string::npos) << line.errors;
        EXPECT_EQ(line.output, "");
    }
}

}  // namespace
}  // namespace gatepost::server::cli
