#include "server/cli/report.hpp"

#include "reports/aggregate/xml.hpp"
#include "reports/store/store.hpp"

#include "dns/ascii.hpp"
#include "dns/idna.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <ostream>

namespace gatepost::server::cli {
namespace {

namespace store = reports::store;
using Day = std::chrono::year_month_day;

enum ExitStatus { fine = 0, failed = 1, wrong_usage = 2 };

std::optional<Day> parse_day(std::string_view text) {
    if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
    const auto number = [&](std::size_t begin, std::size_t size) -> std::optional<unsigned> {
        unsigned value = 0;
        for (const char c : text.substr(begin, size)) {
            if (!ascii::is_digit(c)) return std::nullopt;
            value = 10 * value + static_cast<unsigned>(c - '0');
        }
        return value;
    };
    const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
    if (!year || !month || !day) return std::nullopt;
    const Day date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                   std::chrono::day(*day)};
    if (!date.ok()) return std::nullopt;
    return date;
}

std::string text_of(Day day) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(day.year()),
                  static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
    return text.data();
}

int complain(std::ostream& err, ExitStatus status, const std::string& message) {
    err << "gatepost report: " << message << '\n';
    return status;
}

int bad_date(std::ostream& err, const std::string& text) {
    return complain(err, wrong_usage, "\"" + text + "\" is no date: write YYYY-MM-DD");
}

void print_table(std::ostream& out, const std::vector<store::DaySummary>& days) {
    std::size_t width = 6;
    for (const store::DaySummary& day : days)
        width = std::max(width, day.policy_domain.text().size());
    const auto line = [&](const std::string& date, std::string domain, const std::string& messages) {
        domain.resize(width, ' ');
        out << date << "  " << domain << "  " << messages << '\n';
    };
    line("date      ", "domain", "messages");
    for (const store::DaySummary& day : days)
        line(text_of(day.day), day.policy_domain.text(), std::to_string(day.messages));
}

void print_json(std::ostream& out, const std::vector<store::DaySummary>& days) {
    boost::json::array list;
    for (const store::DaySummary& day : days)
        list.push_back(boost::json::object{
            {"date", text_of(day.day)}, {"domain", day.policy_domain.text()}, {"messages", day.messages}});
    out << boost::json::serialize(list) << '\n';
}

// `organization` and `email` stand in every report (RFC 9990 §3.1.1.3); our name serves until they are given.
reports::aggregate::Reporter reporter_of(const config::Config& config, const std::string& generator) {
    reports::aggregate::Reporter reporter{config.reports.organization, config.reports.email, generator};
    if (reporter.organization.empty()) reporter.organization = config.hostname;
    if (reporter.email.empty()) reporter.email = "postmaster@" + config.hostname;
    return reporter;
}

}  // namespace

int report_list(const config::Config& config, const ReportListOptions& options, std::ostream& out,
                std::ostream& err) {
    std::optional<Day> day;
    if (!options.date.empty()) {
        day = parse_day(options.date);
        if (!day) return bad_date(err, options.date);
    }
    const auto opened = store::open_reader(store::database_path(config.data_dir));
    if (!opened.store) return complain(err, failed, opened.problem);
    const auto found = opened.store->days(day);
    if (!found.problem.empty()) return complain(err, failed, found.problem);
    if (options.json)
        print_json(out, found.items);
    else if (!found.items.empty())
        print_table(out, found.items);
    else
        err << "gatepost report: nothing is recorded" << (day ? " on " + text_of(*day) : "") << '\n';
    return fine;
}

int report_show(const config::Config& config, const ReportShowOptions& options, std::ostream& out,
                std::ostream& err) {
    const auto domain = dns::to_ascii(options.domain);
    if (!domain || domain->is_root())
        return complain(err, wrong_usage, "\"" + options.domain + "\" is no domain name");
    const std::optional<Day> day = options.date.empty()
                                       ? Day(std::chrono::floor<std::chrono::days>(options.now))
                                       : parse_day(options.date);
    if (!day) return bad_date(err, options.date);
    const auto opened = store::open_reader(store::database_path(config.data_dir));
    if (!opened.store) return complain(err, failed, opened.problem);
    const auto found = opened.store->rows(*domain, *day);
    if (!found.problem.empty()) return complain(err, failed, found.problem);
    const auto report =
        reports::aggregate::make_report(*domain, *day, found.items, reporter_of(config, options.generator));
    if (!report)
        return complain(err, failed,
                        "no message on " + text_of(*day) + " was evaluated by a DMARC record at " +
                            domain->text() + "; `gatepost report list` shows the domains that there are");
    reports::aggregate::write_xml(out, *report);
    out.flush();
    if (!out) return complain(err, failed, "cannot write the report");
    return fine;
}

}  // namespace gatepost::server::cli
