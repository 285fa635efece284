#include "server/cli/command_line.hpp"

#include "server/cli/wrong_word.hpp"

#include "config/address.hpp"
#include "config/units.hpp"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstdint>
#include <sstream>
#include <string_view>
#include <vector>

namespace gatepost::server::cli {
namespace {

// An option's check for CLI11: empty where `parse` takes the text, else what was expected.
template <typename Parse>
CLI::Validator checked_by(Parse parse, const std::string& expected) {
    return CLI::Validator(
        [parse, expected](std::string& text) {
            return parse(std::string_view(text)) ? std::string() : "\"" + text + "\" is not " + expected;
        },
        "");
}

// As users copy it: with or without angle brackets.
std::string without_brackets(const std::string& path) {
    return path.size() >= 2 && path.front() == '<' && path.back() == '>' ? path.substr(1, path.size() - 2)
                                                                         : path;
}

// What CLI11 writes into, as text; made into types once it is all there.
struct Texts {
    std::string ip;
    std::string helo;
    std::string mail_from;
    std::vector<std::string> rcpt_to;
    std::string dns;
    std::string config = default_config_file;
    std::string message = "-";
    std::string domain;
    std::string date;
    std::uint64_t at = 0;
    bool json = false;
};

constexpr std::uint64_t max_unix_seconds = 253'402'300'799;  // 9999-12-31T23:59:59Z

class Parser {
  public:
    Parser() {
        app_.require_subcommand(1);
        app_.footer(
            "Exit status: 0 fine, 1 the check failed or the work could not be done, 2 wrong usage or a bad "
            "configuration.");
        add_serve();
        add_check_config();
        add_verify();
        add_spf();
        add_report();
        version_ =
            app_.add_subcommand("version", "Print the version, the build and the versions of libraries");
        app_.add_subcommand("help", "Print the help of a subcommand: gatepost help verify");
        app_.set_version_flag("-V,--version", "", "The same as the subcommand version");
    }

    CommandLine parse(int argc, const char* const* argv) {
        CommandLine result;
        const std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
        if (!words.empty() && words.front() == "help") return help(words);
        try {
            app_.parse(argc, argv);
        } catch (const CLI::CallForVersion&) {
            result.command = VersionOptions{};
            return result;
        } catch (const CLI::ParseError& error) {
            std::ostringstream out;
            std::ostringstream err;
            result.exit_status = app_.exit(error, out, err) == 0 ? exit_fine : exit_usage;
            result.output = out.str();
            // A misspelt word comes before what is missing because of it.
            if (result.exit_status != exit_fine) result.errors = find_wrong_word(app_, words);
            if (result.errors.empty()) result.errors = err.str();
            return result;
        }
        result.command = command();
        return result;
    }

  private:
    // "help", "help report show"; "help --help" is the program's own.
    CommandLine help(const std::vector<std::string>& words) const {
        std::vector<std::string> names(words.begin() + 1, words.end());
        if (!names.empty() && (names.back() == "--help" || names.back() == "-h")) names.pop_back();
        CommandLine result;
        result.output = help_of(app_, names, result.errors);
        if (!result.errors.empty()) result.exit_status = exit_usage;
        return result;
    }

    void add_config(CLI::App& command) {
        command.add_option("--config", texts_.config, "The configuration file")
            ->type_name("FILE")
            ->default_str(default_config_file);
    }

    void add_envelope(CLI::App& command, bool required) {
        command.add_option("--ip", texts_.ip, "The client's address")
            ->type_name("ADDR")
            ->required()
            ->check(checked_by(dns::IpAddress::parse, "an IP address"));
        command.add_option("--helo", texts_.helo, "What it says in HELO or EHLO")
            ->type_name("NAME")
            ->required(required);
        command.add_option("--mail-from", texts_.mail_from, "The reverse-path; empty or <> for the null one")
            ->type_name("ADDR")
            ->required(required);
        command.add_option("--dns", texts_.dns, "Ask this DNS server alone")
            ->type_name("HOST:PORT")
            ->check(checked_by(config::parse_dns_server, "an IP address with a port"));
        command.add_flag("--json", texts_.json, "Print JSON");
    }

    void add_serve() {
        serve_ = app_.add_subcommand("serve", "Run the server in the foreground; logs to standard error");
        add_config(*serve_);
    }

    void add_check_config() {
        check_config_ = app_.add_subcommand("check-config", "Tell every problem of a configuration at once");
        add_config(*check_config_);
    }

    void add_verify() {
        verify_ = app_.add_subcommand("verify",
                                      "Judge a message file as the server would, and deliver nothing\n"
                                      "Exit status 1 where it would not simply be accepted.");
        verify_
            ->add_option("--config", texts_.config,
                         "The configuration file (default: " + std::string(default_config_file) +
                             " where it is there; \"\": the program's defaults)")
            ->type_name("FILE");
        add_envelope(*verify_, false);
        verify_->add_option("--rcpt-to", texts_.rcpt_to, "A recipient; may be given several times")
            ->type_name("ADDR")
            ->allow_extra_args(false);
        verify_->add_option("--at", texts_.at, "Judge as at this time (default: now)")
            ->type_name("UNIX_SECONDS")
            ->check(CLI::Range(std::uint64_t{0}, max_unix_seconds));
        verify_
            ->add_option("MESSAGE", texts_.message,
                         "The message's file, or - for standard input (the default)")
            ->type_name("");
    }

    void add_spf() {
        spf_ = app_.add_subcommand("spf",
                                   "check_host() of RFC 7208 alone\n"
                                   "Exit status 1 where the result is fail, temperror or permerror.");
        add_envelope(*spf_, true);
    }

    void add_report() {
        auto* report = app_.add_subcommand("report", "Aggregate reports (RFC 9990)");
        report->require_subcommand(1);
        const auto add_date = [this](CLI::App& command, const char* what) {
            command.add_option("--date", texts_.date, what)
                ->type_name("YYYY-MM-DD")
                ->check(checked_by(config::parse_date, "a day (like 2027-06-30)"));
        };
        report_list_ = report->add_subcommand("list", "What reports are pending");
        add_config(*report_list_);
        add_date(*report_list_, "Only this day, UTC (default: every day that is kept)");
        report_list_->add_flag("--json", texts_.json, "Print JSON");
        report_show_ =
            report->add_subcommand("show", "The XML of one policy domain's day, on standard output");
        add_config(*report_show_);
        report_show_->add_option("DOMAIN", texts_.domain, "The policy domain")->type_name("")->required();
        add_date(*report_show_, "The day, UTC (default: today, as far as it has come)");
    }

    Command command() const {
        if (serve_->parsed()) return ServeOptions{texts_.config};
        if (check_config_->parsed()) return CheckConfigOptions{texts_.config};
        if (verify_->parsed()) return verify_options();
        if (spf_->parsed()) return spf_options();
        if (report_list_->parsed()) {
            ReportListCommand list;
            list.config = texts_.config;
            list.options.date = texts_.date;
            list.options.json = texts_.json;
            return list;
        }
        if (report_show_->parsed()) {
            ReportShowCommand show;
            show.config = texts_.config;
            show.options.domain = texts_.domain;
            show.options.date = texts_.date;
            return show;
        }
        return VersionOptions{};
    }

    VerifyOptions verify_options() const {
        VerifyOptions options;
        if (verify_->count("--config")) options.config = texts_.config;
        options.ip = dns::IpAddress::parse(texts_.ip).value();
        options.helo = texts_.helo;
        options.mail_from = without_brackets(texts_.mail_from);
        for (const auto& recipient : texts_.rcpt_to)
            options.rcpt_to.push_back(without_brackets(recipient));
        options.dns = config::parse_dns_server(texts_.dns);
        if (verify_->count("--at"))
            options.at = std::chrono::system_clock::time_point(
                std::chrono::seconds(static_cast<std::int64_t>(texts_.at)));
        options.json = texts_.json;
        options.message = texts_.message;
        return options;
    }

    SpfOptions spf_options() const {
        SpfOptions options;
        options.ip = dns::IpAddress::parse(texts_.ip).value();
        options.helo = texts_.helo;
        options.mail_from = without_brackets(texts_.mail_from);
        options.dns = config::parse_dns_server(texts_.dns);
        options.json = texts_.json;
        return options;
    }

    CLI::App app_{
        "Gatepost, the SMTP server at the edge: proves who sent a message, and hands on what is accepted.",
        "gatepost"};
    Texts texts_;
    CLI::App* serve_ = nullptr;
    CLI::App* check_config_ = nullptr;
    CLI::App* verify_ = nullptr;
    CLI::App* spf_ = nullptr;
    CLI::App* report_list_ = nullptr;
    CLI::App* report_show_ = nullptr;
    CLI::App* version_ = nullptr;
};

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
    // CLI11 takes the next word for the value of "--mail-from=": give it the empty one that was meant.
    std::vector<std::string> words(argv, argv + argc);
    std::vector<const char*> pointers;
    for (auto& word : words) {
        const bool no_value = word.size() > 3 && word.starts_with("--") && word.find('=') == word.size() - 1;
        if (no_value) word.pop_back();
        pointers.push_back(word.c_str());
        if (no_value) pointers.push_back("");
    }
    return Parser().parse(static_cast<int>(pointers.size()), pointers.data());
}

}  // namespace gatepost::server::cli
