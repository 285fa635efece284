#include "reports/store/row_room.hpp"

#include "reports/store/columns.hpp"

#include "dns/client_address.hpp"

namespace gatepost::reports::store {
namespace {

constexpr std::size_t most_networks = 65'536;  // local: some MiB; further ones share what one may have
constexpr std::uint64_t fixed_octets = 60;     // local: numbers, words, borders of columns

// The pages of a tree that grows in no order are about two thirds full.
constexpr std::uint64_t in_pages(std::uint64_t octets) {
    return octets * 3 / 2;
}

// As octets_in_database() counts.
constexpr const char* rows_by_client =
    "SELECT source_ip, count(*), sum(length(policy_domain) + length(header_from) + length(envelope_from) + "
    "length(envelope_to) + length(reason_comment) + length(dkim) + length(spf_domain) + "
    "length(spf_human_result) + length(record)) "
    "FROM report_row JOIN policy ON policy.id = report_row.policy WHERE day >= ? GROUP BY source_ip";

}  // namespace

std::uint64_t octets_in_database(const aggregate::Row& row) {
    std::uint64_t octets = fixed_octets + row.policy_domain.text().size() + row.header_from.text().size() +
                           row.envelope_from.size() + row.policy.text.size();
    for (const std::string& domain : row.envelope_to)
        octets += domain.size();
    for (const aggregate::DkimResult& result : row.dkim)
        octets += result.domain.size() + result.selector.size() + result.human_result.size();
    if (row.spf) octets += row.spf->domain.size() + row.spf->human_result.size();
    if (row.reason) octets += row.reason->comment.size();
    return in_pages(octets);
}

RowRoom::RowRoom(SQLite::Database& database) : rows_by_client_(database, rows_by_client) {}

void RowRoom::measure(const Retention& retention, std::uint64_t used, bool is_full) {
    most_ = retention.octets;
    is_full_ = is_full;
    if (used <= most_ / 2 && !is_full)
        forget();
    else if (counted_from_ != retention.spared)
        count(retention.spared);
}

bool RowRoom::take(const dns::IpAddress& client, std::uint64_t octets) {
    const std::uint64_t free = most_ > total_ ? most_ - total_ : 0;
    if (is_full_ || octets > free) return false;
    std::uint64_t& held = held_by(client);
    if (total_ + octets > most_ / 2 && 2 * held > free) {
        crowding_ = client;
        return false;
    }
    held += octets;
    total_ += octets;
    return true;
}

void RowRoom::forget() {
    counted_from_.reset();
    crowding_.reset();
}

void RowRoom::count(std::chrono::year_month_day from) {
    forget();
    held_.clear();
    total_ = 0;
    Binder reset(rows_by_client_);
    reset.integer(std::chrono::sys_days(from).time_since_epoch().count());
    while (rows_by_client_.executeStep()) {
        Columns columns(rows_by_client_);
        const auto client = dns::IpAddress::parse(columns.text());
        const auto rows = static_cast<std::uint64_t>(columns.integer());
        const std::uint64_t octets =
            in_pages(rows * fixed_octets + static_cast<std::uint64_t>(columns.integer()));
        if (!client) continue;
        held_by(*client) += octets;
        total_ += octets;
    }
    rows_by_client_.tryReset();
    counted_from_ = from;
}

std::uint64_t& RowRoom::held_by(const dns::IpAddress& client) {
    const auto known = held_.find(dns::network_of(client));
    if (known != held_.end()) return known->second;
    return held_[held_.size() < most_networks ? dns::network_of(client) : dns::IpAddress()];
}

}  // namespace gatepost::reports::store
