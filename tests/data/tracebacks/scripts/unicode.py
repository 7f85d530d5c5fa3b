# -*- coding: utf-8 -*-
raise ValueError("\u00e9nergie \u221e" if str is not bytes else "\xc3\xa9nergie \xe2\x88\x9e")
