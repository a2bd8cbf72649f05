"""The words that the demo's records are made of: a made-up world, with addresses nobody has."""

from typing import NamedTuple


class Firm(NamedTuple):
    """A company of the demo: name, industry, size, city, and the code of its country's phones."""

    name: str
    industry: str
    size: str
    city: str
    phone: str


_FIRMS = """
Alder & Finch Logistics|Transport|201-500|Rotterdam|+31 10
Amara Textiles|Manufacturing|501-1000|Accra|+233 30
Arctic Loop Energy|Energy|51-200|Tromsø|+47 77
Banyan Health|Health care|1001-5000|Bengaluru|+91 80
Bluepeak Outdoor|Retail|51-200|Denver|+1 303
Brisa Solar|Energy|11-50|Valencia|+34 96
Cardamom Foods|Food|201-500|Kochi|+91 484
Cedar Ridge Dental|Health care|11-50|Portland|+1 503
Cobalt Insurance|Insurance|1001-5000|Zürich|+41 44
Corvo Studios|Media|11-50|Lisboa|+351 21
Delta Harbour Shipping|Transport|501-1000|Hamburg|+49 40
Ember & Oak|Hospitality|51-200|Edinburgh|+44 131
Fjord Analytics|Software|51-200|Bergen|+47 55
Flint River Bank|Finance|1001-5000|Atlanta|+1 404
Golden Hour Hotels|Hospitality|501-1000|Marrakech|+212 524
Granite Peak Legal|Legal|51-200|Boston|+1 617
Hanami Robotics|Manufacturing|201-500|Nagoya|+81 52
Harvest Moon Organics|Food|51-200|Wellington|+64 4
Helix Biolabs|Biotechnology|201-500|Cambridge|+44 1223
Iron Lantern Brewing|Food|11-50|Dublin|+353 1
Jacaranda Schools|Education|201-500|Pretoria|+27 12
Juniper Analytics|Software|11-50|Toronto|+1 416
Kestrel Aerospace|Aerospace|1001-5000|Toulouse|+33 5
Kumo Cloud Services|Software|201-500|Osaka|+81 6
Lakeside Property Group|Real estate|51-200|Chicago|+1 312
Lumen Optics|Manufacturing|201-500|Jena|+49 3641
Maple & Main Interiors|Design|11-50|Montréal|+1 514
Meridian Freight|Transport|501-1000|Panamá|+507
Nile Delta Water|Utilities|1001-5000|Cairo|+20 2
Northstar Clinics|Health care|501-1000|Minneapolis|+1 612
Oak Street Accounting|Accounting|11-50|Bristol|+44 117
Pampas Agritech|Agriculture|51-200|Rosario|+54 341
Quartz Mining Supply|Mining|201-500|Perth|+61 8
Red Kite Security|Security|51-200|Cardiff|+44 29
Saffron Air|Aviation|1001-5000|Doha|+974
Silver Birch Publishing|Media|51-200|Helsinki|+358 9
Tidewater Marine|Manufacturing|201-500|Gdańsk|+48 58
Umber Architects|Architecture|11-50|Copenhagen|+45
Verde Packaging|Manufacturing|201-500|Monterrey|+52 81
Willow Creek Software|Software|51-200|Austin|+1 512
"""
FIRMS = tuple(Firm(*line.split("|")) for line in _FIRMS.split("\n") if line)

_PEOPLE = """
Amina Diallo|Lars Eriksen|Priya Raman|Mateo Fernández|Yuki Tanaka|Chloé Martin|Kwame Mensah
Sofia Rossi|Hannah Weber|Omar Haddad|Mei Lin Chen|Jakub Nowak|Aoife Byrne|Thabo Nkosi
Ingrid Solberg|Ravi Patel|Camila Souza|Noah Williams|Fatima Zahra Alaoui|Daniel Kim|Elena Popescu
Tomás Herrera|Aisha Bello|Viktor Horváth|Grace Okafor|Liam Murphy|Nadia Petrova|Samuel Osei
Isabel Moreno|Jonas Lindqvist|Leila Farahani|Pedro Almeida|Anika Sharma|Marek Dvořák|Zanele Dube
Emma Thompson|Hiroshi Sato|Lucía Vargas|Andrei Ionescu|Sade Adeyemi|Mikkel Jensen|Nour Khalil
Olivia Brown|Diego Castillo|Thanh Nguyen|Katarzyna Wójcik|Ibrahim Traoré|Freya Andersen|Arjun Mehta
Beatriz Costa|Ethan Clark|Yasmin Aziz|Pavel Novák|Naledi Mokoena|Giulia Bianchi|Erik Johansson
Wanjiru Kamau|Felix Schneider|Carmen Ortiz|Ji-woo Park|Marta Kowalska|Rashid Khan|Ana Marković
William Scott|Shanti Iyer|Bruno Carvalho|Linnea Berg|Kofi Boateng|Alice Dubois|Tariq Mahmoud
Valentina Ruiz|Henrik Nielsen|Sakura Ito|Oluwaseun Ade|Clara Hoffmann|Martín Silva|Aylin Çelik
Jack Wilson|Deepa Nair|Rui Santos|Eszter Nagy|Amadou Sow|Stella Papadopoulos|Gustav Holm
Mariana Lopes|Vikram Singh|Claire Bernard|Nikolai Ivanov|Thandiwe Zulu|Matteo Conti|Zara Ahmed
Paul Richter|Rosa Jiménez|Minh Tran|Petra Svobodová|Chinedu Eze|Astrid Larsen|Karim Benali
Julia Fischer|Santiago Reyes|Haruka Mori|Ewa Zielińska|Abena Owusu|Oscar Lund|Salma Hassan
Benjamin Hall|Kavita Rao|Tiago Ferreira|Ilse de Vries|Moses Kiptoo|Nina Kovačević|Rowan Hughes
Paloma Vega|Anders Dahl|Lin Wei|Magda Kaczmarek|Youssef Amrani|Isla Campbell|Dev Malhotra
Renata Teixeira|Simon Keller|Ayumi Kobayashi|Lucas Moreau
"""
PEOPLE = tuple(name for line in _PEOPLE.split("\n") for name in line.split("|") if name)

TITLES = ("Chief Executive", "Head of Operations", "IT Manager", "Finance Director", "Buyer",
          "Head of Marketing", "Office Manager", "Sales Director", "Product Manager", "Founder",
          "Plant Manager", "Head of People")  # fmt: skip
SOURCES = ("Website", "Referral", "Trade fair", "Newsletter", "Webinar", "Partner", "Cold call")
PRODUCTS = ("annual licence", "pilot", "roll-out", "support renewal", "migration", "training",
            "second site", "extension", "audit", "upgrade")  # fmt: skip
LOST_REASONS = ("Price above the budget", "Chose a competitor", "Project postponed",
                "No decision after three months", "Needs a feature we do not have")  # fmt: skip
PROSPECTS = ("Aurora Lighting", "Basalt Construction", "Cinder Coffee", "Dune Travel",
             "Everglade Nurseries", "Foxglove Pharmacy", "Gable Homes", "Heron Consulting",
             "Indigo Print", "Jasper Tools", "Kelp & Salt", "Lantern Learning", "Moss Furniture",
             "Nimbus Weather", "Opal Cosmetics", "Pebble Toys", "Quill Stationers",
             "Rowan Cycles", "Sable Fashion", "Thistle Tea")  # fmt: skip
DONE = {
    "call": ("Introductory call with {first}", "Call about the offer with {first}",
             "Follow-up call with {first}"),
    "email": ("Sent the offer to {first}", "Answered questions of {first}",
              "Sent references to {first}"),
    "meeting": ("Demonstration at {company}", "Workshop with {company}",
                "Contract review with {company}"),
    "note": ("{first} decides together with finance", "{company} uses a competitor until spring",
             "Budget at {company} is confirmed"),
}  # fmt: skip
NEXT = ("Call {first} about the offer", "Prepare the demonstration for {company}",
        "Send the contract to {company}", "Ask {first} for a decision",
        "Agree on a date with {first}")  # fmt: skip
