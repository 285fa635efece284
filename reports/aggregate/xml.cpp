#include "reports/aggregate/xml.hpp"

#include <pugixml.hpp>

#include <ostream>
#include <string>

namespace gatepost::reports::aggregate {
namespace {

constexpr const char* indent = "  ";
// RFC 9990 §3.1.1.1
constexpr const char* root_begin = "<feedback xmlns=\"urn:ietf:params:xml:ns:dmarc-2.0\">\n";
constexpr const char* root_end = "</feedback>\n";

void add(pugi::xml_node parent, const char* name, const std::string& text) {
    // A text node escapes what it holds; an empty one is left out, so that <name/> is written.
    pugi::xml_node element = parent.append_child(name);
    if (!text.empty()) element.text().set(text.c_str());
}

void add_optional(pugi::xml_node parent, const char* name, const std::string& text) {
    if (!text.empty()) add(parent, name, text);
}

// RFC 9990 §3.1.1.3
void add_metadata(pugi::xml_node parent, const ReportMetadata& metadata) {
    pugi::xml_node node = parent.append_child("report_metadata");
    add(node, "org_name", metadata.reporter.organization);
    add(node, "email", metadata.reporter.email);
    add(node, "report_id", metadata.report_id);
    pugi::xml_node range = node.append_child("date_range");
    add(range, "begin", std::to_string(metadata.begin.time_since_epoch().count()));
    add(range, "end", std::to_string(metadata.end.time_since_epoch().count()));
    add_optional(node, "generator", metadata.reporter.generator);
}

// RFC 9990 §3.1.1.5
void add_policy(pugi::xml_node parent, const PolicyPublished& policy) {
    pugi::xml_node node = parent.append_child("policy_published");
    add(node, "domain", policy.domain);
    add(node, "discovery_method", policy.discovery_method);
    add(node, "p", policy.p);
    add(node, "sp", policy.sp);
    add(node, "np", policy.np);
    add(node, "fo", policy.fo);
    add(node, "adkim", policy.adkim);
    add(node, "aspf", policy.aspf);
    add(node, "testing", policy.testing);
}

// RFC 9990 §3.1.1.8 and §3.1.1.9
void add_row(pugi::xml_node parent, const Record& record, std::uint64_t count) {
    pugi::xml_node row = parent.append_child("row");
    add(row, "source_ip", record.source_ip);
    add(row, "count", std::to_string(count));
    pugi::xml_node evaluated = row.append_child("policy_evaluated");
    add(evaluated, "disposition", record.disposition);
    add(evaluated, "dkim", record.dkim_aligned ? "pass" : "fail");
    add(evaluated, "spf", record.spf_aligned ? "pass" : "fail");
    if (!record.reason) return;
    pugi::xml_node reason = evaluated.append_child("reason");
    add(reason, "type", record.reason->type);
    add_optional(reason, "comment", record.reason->comment);
}

// RFC 9990 §3.1.1.10: envelope_from may be there and empty, for the null reverse-path.
void add_identifiers(pugi::xml_node parent, const Record& record) {
    pugi::xml_node node = parent.append_child("identifiers");
    add(node, "header_from", record.header_from);
    add(node, "envelope_from", record.envelope_from);
    add_optional(node, "envelope_to", record.envelope_to);
}

// RFC 9990 §3.1.1.11 to §3.1.1.13
void add_auth_results(pugi::xml_node parent, const Record& record) {
    pugi::xml_node node = parent.append_child("auth_results");
    for (const Record::Result& result : record.dkim) {
        pugi::xml_node dkim = node.append_child("dkim");
        add(dkim, "domain", result.domain);
        add(dkim, "selector", result.selector);
        add(dkim, "result", result.result);
        add_optional(dkim, "human_result", result.human_result);
    }
    if (!record.spf) return;
    pugi::xml_node spf = node.append_child("spf");
    add(spf, "domain", record.spf->domain);
    add(spf, "scope", "mfrom");
    add(spf, "result", record.spf->result);
    add_optional(spf, "human_result", record.spf->human_result);
}

void print(std::ostream& out, const pugi::xml_document& children) {
    for (const pugi::xml_node child : children.children())
        child.print(out, indent, pugi::format_indent, pugi::encoding_utf8, 1);
}

}  // namespace

void write_xml(std::ostream& out, const Report& report) {
    out << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" << root_begin;
    pugi::xml_document head;
    add(head, "version", "1.0");  // RFC 9990 §3.1.1.2
    add_metadata(head, report.metadata);
    add_policy(head, report.policy);
    print(out, head);
    for (const auto& [record, count] : report.records) {
        pugi::xml_document document;
        pugi::xml_node node = document.append_child("record");
        add_row(node, record, count);
        add_identifiers(node, record);
        add_auth_results(node, record);
        print(out, document);
    }
    out << root_end;
}

}  // namespace gatepost::reports::aggregate
