#!/usr/bin/perl
# Verifies the message files that standard input names, by Mail::DKIM, and prints a line for each signature:
# name of the file, selector, result, detail.   usage: mail_dkim.pl DNS-PORT UNIX-SECONDS
use strict;
use warnings;
our $now;
BEGIN { $now = $ARGV[1]; *CORE::GLOBAL::time = sub { $now } }
use Mail::DKIM::Verifier;
use Net::DNS;

Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => ['127.0.0.1'], port => $ARGV[0], recurse => 1));
while (my $path = <STDIN>) {
    chomp $path;
    open(my $file, '<:raw', $path) or die "$path: $!";
    my $octets = do { local $/; <$file> };
    my $verifier = Mail::DKIM::Verifier->new(Strict => 1);
    eval { $verifier->PRINT($octets); $verifier->CLOSE; 1 } or warn "$path: $@";
    my ($name) = $path =~ m{([^/]+)$};
    for my $signature ($verifier->signatures) {
        my $detail = $signature->result_detail // '';
        $detail =~ s/[\t\r\n]/ /g;
        my $selector = $signature->selector // '';
        $selector =~ s/[\t\r\n]/ /g;
        print join("\t", $name, $selector, $signature->result // 'none', $detail), "\n";
    }
}
