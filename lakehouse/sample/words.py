"""The words of the made-up world: first and last names, and what products are called.

In: the lists below. Out: pools for `world.py`. Guaranteed: composed Unicode (NFC), no doubled and no outer
blanks, so that normalisation leaves every one of them as it is; some are not ASCII, hold quotes or commas.
"""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _words(
    """
    Ada Agnès Aiko Alma Amadou Amélie Anaïs Anders André Anouk Aoife Arjun Astrid Aylin Bao Beatriz Björn
    Bruno Caoimhe Carla Cédric Chiara Chloë Dagny Dalia Dmitri Edda Eirik Élodie Emeka Emre Esme Farid Fatou
    Fergus Fiona François Freya Gaëlle Gita Greta Gustav Håkon Hanae Hedda Henk Ines Ingrid Íris Ivo Jae
    Jasper João Jörg José Juno Kamal Karin Kenji Kofi Lærke Leila Linnéa Lotte Lucía Mads Mei Milo Mónica
    Nadia Ngozi Niamh Noël Nuria Ode Olga Omar Ørjan Otto Paloma Pia Priya Quinn Rafael Renée Rosa Rúna Salma
    Saskia Søren Sven Tariq Théo Tilda Uma Vera Vikram Wanja Xenia Yara Yusuf Zoë Žofia
    """
)

LAST_NAMES = _words(
    """
    Abara Acheampong Ahlgren Almqvist Amundsen Aoyagi Arkwright Bãlan Bakshi Bellweather Benítez Bergström
    Björk Blyth Boateng Brontë Brückner Calderón Castellanos Çelik Chaudhry Cormack Crâciun D'Abreu D'Arcy
    Dąbrowski Dell'Orso Demir Dufrêne Dvořák Eklund Elmhirst Espinosa Fábregas Fairweather Falk Fjeldstad
    Fontaine Fröhlich Gallardo Ghorbani Gonçalves Grünwald Guðjónsson Hallström Harkness Hashimoto Heikkilä
    Hjort Holloway Ibáñez Iwasaki Jónsdóttir Kallio Kapoor Kiplagat Kjær Kovač Kröger Lachance Lindqvist
    Lovelock Łukasik Macaulay Marchetti Mbeki Mendonça Mørk Nakagawa Nguyễn Nieminen Nordahl Núñez O'Dowd
    O'Hanlon Ochieng Okonkwo Ólafsson Østergaard Pâquet Pemberton Petrov Quist Rådström Ramaswamy Rasmussen
    Rehnquist Rosenthal Saavedra Şahin Santangelo Schäfer Sørland Strömberg Szabó Tanaka Thackeray Thorvald
    Tremblay Ueda Ulrichsen Vainio Valdés Vandermeer Vestergård Whitlock Wójcik Xu Yamazaki Yıldız Zanetti
    Zelenka Zubiri
    """
)

BRANDS = _words(
    """
    Alderway Brackwell Corvane Duskin Elmsworth Fennick Glasshollow Håndverk Inkwell&Rye Juniper+Oak Kestrelle
    Lorimar Möwe Northgate Oakmere Pellwick Quillon Rivelle Sandrough Tarnfield Umbrage Velloso Wrenfold
    Zéphyrine
    """
)

SERIES = (
    "Classic",
    "Compact",
    "Deluxe",
    "Eco",
    "Form",
    "Mark II",
    '"Plus"',
    "Nova",
    "Prime",
    "Studio",
    "Tempo",
    "Ultra",
)

VARIANTS = (
    "Black",
    "Grey",
    "Blue, Matte",
    "Crème",
    '12" Wide',
    '3.5" x 5"',
    "Set of 2",
    "Pack of 12, Assorted",
    "Large",
    "Small",
)

# category, sub-category, two letters for its product ids, price in cents from..to, names of things
SUB_CATEGORIES: tuple[tuple[str, str, str, int, int, tuple[str, ...]], ...] = (
    ("Furniture", "Bookcases", "BO", 4900, 89900, ("Bookcase", "Shelf Tower", "Corner Bookshelf")),
    ("Furniture", "Chairs", "CH", 3900, 69900, ("Swivel Chair", "Stacking Chair", "Footstool")),
    ("Furniture", "Furnishings", "FU", 590, 19900, ("Desk Lamp", "Wall Clock", "Door Mat", "Picture Frame")),
    ("Furniture", "Tables", "TA", 8900, 129900, ("Meeting Table", "Side Table", "Writing Desk")),
    ("Office Supplies", "Appliances", "AP", 1990, 59900, ("Kettle", "Desk Fan", "Toaster", "Air Purifier")),
    ("Office Supplies", "Art", "AR", 99, 4990, ("Sketch Pencils", "Watercolour Tin", "Marker Set")),
    ("Office Supplies", "Binders", "BI", 149, 3990, ("Ring Binder", "Binder Covers", "Clip File")),
    (
        "Office Supplies",
        "Envelopes",
        "EN",
        199,
        4990,
        ("Window Envelopes", "Padded Mailers", "Cash Envelopes"),
    ),
    ("Office Supplies", "Fasteners", "FA", 79, 1990, ("Paper Clips", "Push Pins", "Rubber Bands")),
    ("Office Supplies", "Labels", "LA", 129, 2490, ("Address Labels", "File Tabs", "Round Stickers")),
    ("Office Supplies", "Paper", "PA", 249, 6990, ("Copy Paper", "Note Cubes", "Memo Pads", "Parchment")),
    ("Office Supplies", "Storage", "ST", 990, 39900, ("File Cart", "Drawer Unit", "Lockable Box")),
    ("Office Supplies", "Supplies", "SU", 149, 5990, ("Scissors", "Letter Opener", "Box Cutter")),
    ("Technology", "Accessories", "AC", 690, 29900, ("Keyboard", "Trackball", "USB Hub", "Memory Card")),
    ("Technology", "Copiers", "CO", 14900, 249900, ("Desktop Copier", "Wireless Fax", "Ink Copier")),
    ("Technology", "Machines", "MA", 3900, 349900, ("Card Printer", "Receipt Printer", "Label Maker")),
    ("Technology", "Phones", "PH", 2900, 89900, ("Cordless Phone", "Headset", "Speaker Phone")),
)

SEGMENTS = ("Consumer", "Corporate", "Home Office")
SHIP_MODES = ("Same Day", "First Class", "Second Class", "Standard Class")
PRIORITIES = ("Critical", "High", "Medium", "Low")
